"""Draws up plans that put photos aside: who stays, and who goes where."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from dedupe.names import safe
from dedupe.organize import naming
from dedupe.organize.drafting.aside_layout import AsideLayout, SetLayout, TreeLayout
from dedupe.organize.drafting.draft import Draft, ranked_name
from dedupe.organize.drafting.layout import missing_folders
from dedupe.organize.files.staying import stays_as
from dedupe.organize.keep.ranking import ranked, seen_in, why
from dedupe.organize.plans.actions import ACTIONS, real
from dedupe.organize.plans.aside import AsidePlan
from dedupe.organize.plans.plan import ALONE, make_folder
from dedupe.organize.plans.tree import refuse_as_aside
from dedupe.organize.protected import Protected
from dedupe.organize.steps import Kept, Step

if TYPE_CHECKING:
    from dedupe.matching.sets.groups import Group
    from dedupe.photos.photo import Photo


def plan_aside(
    groups: "Sequence[Group]",
    *,
    keep: Sequence[str],
    into: Path,
    ours: Mapping[Path, str] | None,
    protected: Protected,
    root: Path | str | None,
) -> AsidePlan:
    """Plan to move all photos of each group but the best one, which stays where it is.

    What is below `into` was put aside before: it needs no step, and is not the one that stays
    while another photo of its group is in its place.

    Args:
        groups: each photo in at most one of them.
        keep: names in KEEP_RULES; decides which photo stays where nothing was verified.
        into: the real path of the folder for those that go.
        ours: as for `make_plan`.
        protected: folders from which nothing is moved, and into which nothing is put.
        root: the folder that a tree is relative to: a photo at `root/2019/IMG.jpg` goes to
            `into/2019/IMG.jpg`. None for a folder for each group, with links to what stays.

    Returns:
        The plan. Where the photo to keep is gone or changed since the scan, nothing of its group
        goes.

    Raises:
        UsageError: the photos of a tree are in `into`.
    """
    top = None if root is None else Path(os.path.realpath(Path(root).expanduser()))
    layout: AsideLayout = SetLayout(into, ours or {}, protected)
    if top is not None:
        refuse_as_aside(top, into)
        layout = TreeLayout(into, top, protected)
    from dedupe.organize.drafting.along import along_for, shots_together  # Pillow: not for `undo`

    along = along_for(photo for group in groups for photo in group.photos)
    drawn = _AsideDraft(action=ACTIONS["move"], layout=layout, along=along, keep=keep)
    width = max(3, len(str(len(groups))))
    for number, together in enumerate(shots_together(groups, along, drawn.action), start=1):
        drawn.add_sets(together, number, width)
    folders = {folder for step in drawn.steps for folder in step.target.parents}
    inside = sorted(folder for folder in folders if into in folder.parents)
    missing = [folder for folder in inside if not os.path.lexists(folder)]
    above = missing_folders(into) if drawn.steps else []
    stays = {step.kept.file.path for step in drawn.steps if step.is_photo and step.kept}
    return AsidePlan(
        action="move",
        into=into,
        root=top,
        steps=(*layout.tidying(), *map(make_folder, [*above, *missing]), *drawn.steps),
        refusals=(*drawn.refusals, *along.refusals),
        standing=drawn.standing,
        protected=protected.folders,
        stays=tuple(drawn.stays),
        reasons=tuple(each for each in drawn.reasons if each[0] in stays),
    )


@dataclass(slots=True, kw_only=True)
class _AsideDraft(Draft):
    """The plan while set after set is added to it.

    Attributes:
        standing: how many photos were put aside before.
        stays: those that would go if they were not protected.
        reasons: of each photo to keep, by its path, why.
    """

    layout: AsideLayout
    standing: int = 0
    stays: list[Path] = field(default_factory=list)
    reasons: list[tuple[Path, str]] = field(default_factory=list)

    def add_sets(self, groups: "Iterable[Group]", number: int, width: int) -> None:
        """Plan some groups, whose photos may be of the same shots.

        Args:
            groups: that go to one folder, where each set has one.
            number: of that folder.
            width: digits to pad it to.
        """
        members: list[Photo] = []
        kept: dict[Photo, Kept] = {}
        going: set[Photo] = set()
        for group in groups:
            ordered = self._in_order(group)
            members += ordered
            here, goes = self._parted(group, ordered)
            kept |= here
            going |= goes
        self._keep_shots_whole(members, going)
        if going:
            stem = Path(self.layout.own_name(members[0].path)).stem
            wanted = naming.folder_name(number, width, stem)
            self.steps += self._placed(members, kept, going, wanted)

    def _in_order(self, group: "Group") -> "list[Photo]":
        """The photos of a group in their rank: the best one in place, then those put aside before.

        So the names of these stay right when more photos join them.
        """
        ordered = ranked(group, self.keep, protected=self.layout.protected)
        here = [photo for photo in ordered if not self.layout.is_aside(photo)]
        return [*here[:1], *filter(self.layout.is_aside, ordered), *here[1:]]

    def _parted(
        self, group: "Group", ordered: "Sequence[Photo]"
    ) -> "tuple[dict[Photo, Kept], set[Photo]]":
        """The photos of a group in their place, with the one to keep, and those that can go."""
        usable = set(self.usable(ordered))
        here = [photo for photo in ordered if not self.layout.is_aside(photo)]
        left = [photo for photo in here if photo in usable]
        self.standing += len(usable) - len(left)
        if len(left) < 2:
            self.refuse(left if len(usable) < 2 else (), ALONE)
            return {}, set()
        best = here[0]
        kept = Kept(replace(best.file, path=real(best.path)), best.content)
        if best not in usable:
            reason = next(each.reason for each in self.refusals[::-1] if each.path == best.path)
            self.refuse(left, stays_as(kept, reason))
            return {}, set()
        rest = [photo for photo in left[1:] if not self.layout.protected.holds(photo.path)]
        self.stays += [photo.path for photo in left[1:] if self.layout.protected.holds(photo.path)]
        if group.is_verified and group.kept not in here:
            rest = self._equal(rest, best, group.kept)
        if rest:
            self.reasons.append((kept.file.path, self._reason(group, best, rest)))
        return dict.fromkeys(left, kept), set(rest)

    def _reason(self, group: "Group", best: "Photo", rest: "Sequence[Photo]") -> str:
        """Why it is the best one that stays."""
        # against a copy of the same bytes nothing can be said but where it lies
        other = next((photo for photo in rest if photo.content != best.content), rest[0])
        seen = seen_in(group, self.keep)
        return why(best, other, self.keep, seen, protected=self.layout.protected)

    def _equal(self, photos: "Sequence[Photo]", best: "Photo", aside: "Photo") -> "list[Photo]":
        """Those that are the same as the one in place: the others were compared to one aside."""
        from dedupe.matching.pairs.relations import same_pixels

        same = [each for each in photos if each.content == best.content or same_pixels(each, best)]
        reason = f"stays, as it was compared with {safe(aside.path)} alone, which is put aside"
        self.refuse([photo for photo in photos if photo not in same], reason)
        return same

    def _keep_shots_whole(self, members: "Sequence[Photo]", going: "set[Photo]") -> None:
        """Let a RAW stay where its JPEG does: both are photos of sets, and two may stay."""
        for photo in [photo for photo in members if photo in going]:
            for each in self.along.companions.together(photo):
                known = self.along.photos.get(each.path)
                if each.is_photo and known is not None and known not in going:
                    self.refuse([photo], f"stays, as {safe(each.path)}, of the same shot, does")
                    going.discard(photo)
                    break

    def _placed(
        self,
        members: "Sequence[Photo]",
        kept: "Mapping[Photo, Kept]",
        going: "set[Photo]",
        wanted: str,
    ) -> Iterator[Step]:
        """The steps of a set: for each photo that goes, and a link for each that stays."""
        folder_of = self.layout.folders_for(wanted, members)
        ranks = self._ranks(members)
        digits = len(str(max(ranks.values(), default=0)))
        stays = {real(photo.path): kept[photo] for photo in going}
        for unit in self.along.units(members, going, self.action):
            photo, rank = unit.photo, ranks.get(unit.photo.path)
            prefix = "" if rank is None else ranked_name(rank, digits)
            if photo in going:
                steps = self.put(unit, prefix, folder_of(photo))
                yield from (replace(step, kept=stays.get(step.source)) for step in steps)
            elif photo in kept and self.layout.shows_sets:
                steps = self._shown(photo, prefix, folder_of(photo))
                yield from (replace(step, kept=kept[photo]) for step in steps)

    def _ranks(self, members: "Sequence[Photo]") -> dict[Path, int]:
        """Of each photo its rank, if its name is to say it; photos of one shot have the same."""
        ranks: dict[Path, int] = {}
        last = 0
        for photo in members if self.layout.shows_sets else ():
            shot = self.along.companions.together(photo)
            known = (ranks[each.path] for each in shot if each.path in ranks)
            ranks[photo.path] = next(known, last + 1)
            last = max(last, ranks[photo.path])
        return ranks

    def _shown(self, photo: "Photo", prefix: str, folder: Path) -> Iterator[Step]:
        """The step of a link that shows a photo among those that go, if it is not there yet."""
        link = ACTIONS["symlink"]
        target, _ = self.layout.target_for(photo, prefix, folder, link)
        if target not in self.layout.wanted:
            yield from link.put(photo, target)
