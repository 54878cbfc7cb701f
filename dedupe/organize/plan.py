"""From groups to a plan: which file goes where, worked out before anything is changed."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from dedupe.errors import UnknownName, UsageError
from dedupe.names import safe
from dedupe.organize import checks, naming
from dedupe.organize.actions import ACTIONS, Action
from dedupe.organize.keep import DEFAULT_KEEP, check_rules, ranked
from dedupe.organize.layout import Layout, missing_folders
from dedupe.organize.place import Place
from dedupe.organize.protected import NOTHING, Protected
from dedupe.organize.steps import Refusal, Step

if TYPE_CHECKING:
    from dedupe.matching.clusters import Cluster
    from dedupe.matching.groups import Group
    from dedupe.organize.along import Along, Unit
    from dedupe.photos.photo import Photo


ALONE = "is the only one left of its group"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What will be done to which file. Pure data: nothing has changed yet.

    Attributes:
        action: a name in ACTIONS.
        into: the real path of the folder that gets one folder for each group.
        steps: in the order in which they will be done.
        refusals: what will not be done, and why.
        standing: how many photos already are in their place, and need no step.
        protected: real paths of the folders in which nothing is changed.
        stays: the photos there that would be moved otherwise.
    """

    action: str
    into: Path
    steps: tuple[Step, ...]
    refusals: tuple[Refusal, ...] = ()
    standing: int = 0
    protected: tuple[Path, ...] = ()
    stays: tuple[Path, ...] = ()

    @property
    def photos(self) -> tuple[Step, ...]:
        """The steps that put a photo somewhere."""
        return tuple(step for step in self.steps if step.is_photo)

    @property
    def along(self) -> tuple[Step, ...]:
        """The steps of what goes along with these photos."""
        return tuple(step for step in self.steps if step.goes_along)

    @property
    def placed(self) -> tuple[Step, ...]:
        """The steps that put anything into the folders of groups, in their order."""
        return tuple(step for step in self.steps if step.is_photo or step.goes_along)

    @property
    def links(self) -> tuple[Step, ...]:
        """The steps that re-point links of the user's to photos that are moved."""
        return tuple(step for step in self.steps if step.verb == "relink")

    @property
    def takes_away(self) -> bool:
        """Whether a photo will no longer be where it was."""
        return bool(self.placed) and ACTIONS[self.action].takes_away

    def __str__(self) -> str:
        return "\n".join(_told(self))


def make_plan(
    groups: "Sequence[Group]",
    *,
    keep: Sequence[str] = DEFAULT_KEEP,
    action: str,
    into: Path | str,
    ours: Mapping[Path, str] | None = None,
    clusters: "Sequence[Cluster]" = (),
    protected: Protected = NOTHING,
) -> Plan:
    """Plan a folder for each group, its best photo first. Looks at the disk, changes nothing.

    Each group gets `into/001 <name of its best photo>/`, in it `1 IMG_2041.jpg` for the best,
    `2 ...` for the next. A name that somebody else has is stepped around. The same groups give
    the same plan, and what already is in its place gets no step.

    Args:
        groups: in the order they are to be numbered.
        keep: names in KEEP_RULES; decides who is best where nothing was verified, and the
            order of the others.
        action: a name in ACTIONS.
        into: the folder for the groups; `~` is the home folder. It need not exist.
        ours: what the journal says earlier runs made there (`Journal.links_under`). Links in
            it that are no longer wanted are removed; nothing else ever is.
        clusters: each gets `into/kind <its name>/`, with links of the photos' own names.
        protected: folders from which nothing is moved, and into which nothing is put. Their
            photos come first in a group that nothing was verified of.

    Returns:
        The plan. A photo that is gone or changed since the scan is refused in it, and so is
        the rest of its group where only one is left.

    Raises:
        UnknownName: there is no such action or keep rule.
        UsageError: `into` is there and is not a folder, or is protected, or there are clusters
            and the action is not "symlink": what is only alike is no reason to bring a photo
            elsewhere.
    """
    if action not in ACTIONS:
        raise UnknownName("action", action, ACTIONS)
    if clusters and action != "symlink":
        raise UsageError(
            "the photos of clusters are only alike, and are never moved or copied",
            "link them, or leave the clusters out",
        )
    check_rules(keep)
    place = Path(os.path.realpath(Path(into).expanduser()))
    refuse_as_folder(place, protected)
    layout = Layout(place, ours or {}, protected)
    from dedupe.organize.along import along_for, shots_together  # Pillow: not for `undo`

    along = along_for(photo for group in groups for photo in group.photos)
    drawn = Draft(action=ACTIONS[action], layout=layout, protected=protected, along=along)
    width = max(3, len(str(len(groups))))
    for number, together in enumerate(shots_together(groups, along, drawn.action), start=1):
        members = [
            photo for group in together for photo in ranked(group, keep, protected=protected)
        ]
        if members:
            stem = Path(drawn.layout.own_name(members[0].path)).stem
            drawn.add(members, naming.folder_name(number, width, stem))
    for cluster in clusters:
        drawn.add(cluster.photos, naming.cluster_folder_name(cluster.name), ranked=False)
    parents = missing_folders(place) if drawn.steps else []
    return Plan(
        action=action,
        into=place,
        steps=(*_tidying(layout), *map(make_folder, parents), *drawn.steps),
        refusals=(*drawn.refusals, *along.refusals),
        standing=len(layout.wanted),
        protected=protected.folders,
        stays=tuple(drawn.stays),
    )


@dataclass(slots=True)
class Draft:
    """The plan while group after group is added to it."""

    action: Action
    layout: Layout
    protected: Protected
    along: "Along"
    steps: list[Step] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    used: set[Path] = field(default_factory=set)
    stays: list[Path] = field(default_factory=list)

    def add(self, members: "Sequence[Photo]", wanted: str, *, ranked: bool = True) -> None:
        """Plan one group, its best photo first, into a folder that is best called `wanted`.

        Where they are not `ranked`, their names do not say their rank.
        """
        usable = set(self.usable(members))
        staying = [photo for photo in members if photo in usable and self._stays(photo)]
        self.stays += [photo.path for photo in staying]
        if usable and len(staying) == len(usable):
            return
        folder = self.layout.folder_for(wanted, members, self.action)
        exists = folder.is_dir()
        going = usable.difference(staying)
        units = self.along.units(members, going, self.action)
        # the rest of an interrupted run still goes to the others, which are there already
        if sum(unit.photo in usable for unit in units) < 2 and not exists:
            self.refusals += [Refusal(photo.path, ALONE) for photo in members if photo in usable]
            return
        steps: list[Step] = []
        width = len(str(len(units)))
        for position, unit in enumerate(units, start=1):
            if unit.photo in going:
                prefix = f"{position:0{width}d} " if ranked else ""
                steps += self.put(unit, prefix, folder)
        if steps and not exists:
            self.steps.append(make_folder(folder))
        self.steps += steps

    def put(self, unit: "Unit", prefix: str, folder: Path) -> Iterator[Step]:
        """The steps of a photo and of what goes along with it."""
        along = [each.path for each in unit.along]
        target, places = self.layout.target_for(unit.photo, prefix, folder, self.action, along)
        if target not in self.layout.wanted:
            yield from self.action.put(unit.photo, target)
        yield from self.along.steps(unit, target, places, self.action)

    def usable(self, members: "Sequence[Photo]") -> "Iterator[Photo]":
        """Those that are as they were scanned and, if they can be taken but once, still free."""
        for photo in members:
            place = Place.by_path(photo.path)
            if reason := checks.difference(place, photo.file, photo.content):
                self.refusals.append(Refusal(photo.path, reason))
            elif self.action.takes_away and photo.path in self.used:
                self.refusals.append(Refusal(photo.path, "belongs to an earlier group already"))
            else:
                self.used.add(photo.path)
                yield photo

    def _stays(self, photo: "Photo") -> bool:
        return self.action.takes_away and self.protected.holds(photo.path)


def refuse_as_folder(into: Path, protected: Protected) -> None:
    """Refuse what cannot be the folder for the groups.

    Raises:
        UsageError: it is a file, or below one, or in a protected folder.
    """
    if protected.holds(into):
        raise UsageError(
            f"{safe(into)} is in a protected folder, and nothing is put there",
            "name another folder with --into",
        )
    nearest = next(path for path in (into, *into.parents) if os.path.lexists(path))
    if not nearest.is_dir():
        raise UsageError(
            f"{safe(nearest)} is a file, not a folder", "name a folder to make or to use"
        )


def make_folder(folder: Path) -> Step:
    """The step that makes a folder."""
    return Step(verb="mkdir", source=folder, target=folder)


def _tidying(layout: Layout) -> Iterator[Step]:
    """Take away the links of an earlier run that are not wanted, then the folders they leave."""
    for path, text in sorted(layout.unwanted_links().items()):
        yield Step(verb="unlink", source=path, target=path, link=text)
    for folder in layout.emptied_folders():
        yield Step(verb="rmdir", source=folder, target=folder)


def _told(plan: Plan) -> Iterator[str]:
    """The lines of `str(plan)`."""
    photos, along = plan.photos, plan.along
    folders = {step.target.parent for step in plan.placed}
    companions = f" and {count(len(along), 'companion')}" if along else ""
    removed = sum(step.verb == "unlink" for step in plan.steps)
    yield (
        f"{plan.action} {count(len(photos), 'photo')}{companions} into "
        f"{count(len(folders), 'folder')} below {safe(plan.into)}"
    )
    if plan.standing:
        yield f"{count(plan.standing, 'photo')} already in place"
    if removed:
        yield f"{count(removed, 'link')} of an earlier run to remove"
    folder = None
    for step in plan.placed:
        if step.target.parent != folder:
            folder = step.target.parent
            yield f"\n  {safe(folder.name)}/"
        indent = "      + " if step.goes_along else "    "
        yield f"{indent}{safe(step.target.name)}  <-  {safe(step.source)}"
    yield from told_links(plan.links)
    yield from told_left(plan)


def told_left(plan: Plan) -> Iterator[str]:
    """The lines of what stays where it is: by protection, and for a reason each."""
    if plan.stays:
        yield f"\nleft where they are, protected: {count(len(plan.stays), 'photo')}"
    for path in plan.stays:
        yield f"  {safe(path)}"
    if plan.refusals:
        yield f"\nleft alone: {count(len(plan.refusals), 'file')}"
    for refusal in plan.refusals:
        yield f"  {safe(refusal.path)} {refusal.reason}"


def told_links(links: Sequence[Step]) -> Iterator[str]:
    """The lines of the links that follow their photos."""
    if links:
        yield f"\nre-pointed to the new places: {count(len(links), 'link')}"
    for step in links:
        yield f"  {safe(step.target)} -> {safe(step.link)}"


def count(number: int, thing: str) -> str:
    """`1 photo`, `1,200 photos`."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
