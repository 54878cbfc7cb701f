"""Draws up plans that put photos aside along their folders: who stays, and who goes where."""

import os
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from dedupe.names import safe
from dedupe.organize import naming
from dedupe.organize.actions import ACTIONS, real
from dedupe.organize.keep import DEFAULT_KEEP, check_rules, ranked, seen_in, why
from dedupe.organize.layout import Layout, listed, missing_folders
from dedupe.organize.plan import ALONE, Draft, make_folder, refuse_as_folder
from dedupe.organize.protected import NOTHING, Protected
from dedupe.organize.staying import stays_as
from dedupe.organize.steps import Kept, Refusal
from dedupe.organize.tree import TreePlan, parts_below, refuse_as_tree

if TYPE_CHECKING:
    from dedupe.matching.groups import Group
    from dedupe.photos.photo import Photo


def plan_tree(
    groups: "Sequence[Group]",
    *,
    into: Path | str,
    root: Path | str,
    keep: Sequence[str] = DEFAULT_KEEP,
    protected: Protected = NOTHING,
) -> TreePlan:
    """Plan to put aside all photos of each group but one. Looks at the disk, changes nothing.

    A photo at `root/2019/IMG.jpg` goes to `into/2019/IMG.jpg`. The photo to keep stays where it
    is. What is below `into` was put aside before: it needs no step, and is not the one that
    stays while another photo of its group is in its place.

    Args:
        groups: each photo in at most one of them.
        into: the folder for the tree; `~` is the home folder. It need not exist.
        root: the folder that the tree is relative to, as `common_folder` gives it.
        keep: names in KEEP_RULES; decides which photo stays where nothing was verified.
        protected: folders from which nothing is moved, and into which nothing is put.

    Returns:
        The plan. Where the photo to keep is gone or changed since the scan, nothing of its group
        goes.

    Raises:
        UnknownName: there is no such keep rule.
        UsageError: `into` is there and is not a folder, or is protected, or the photos are in it.
    """
    check_rules(keep)
    place, top = (Path(os.path.realpath(Path(each).expanduser())) for each in (into, root))
    refuse_as_folder(place, protected)
    refuse_as_tree(top, place)
    from dedupe.organize.along import along_for, shots_together  # Pillow: not for `undo`

    along = along_for(photo for group in groups for photo in group.photos)
    drawn = _TreeDraft(
        action=ACTIONS["move"],
        layout=TreeLayout(place, top, protected),
        protected=protected,
        along=along,
        keep=keep,
    )
    for together in shots_together(groups, along, drawn.action):
        drawn.add_sets(together)
    folders = {folder for step in drawn.steps for folder in step.target.parents}
    inside = sorted(folder for folder in folders if place in folder.parents)
    missing = [folder for folder in inside if not os.path.lexists(folder)]
    above = missing_folders(place) if drawn.steps else []
    stays = {step.kept.file.path for step in drawn.steps if step.is_photo and step.kept}
    return TreePlan(
        action="move",
        into=place,
        root=top,
        steps=(*map(make_folder, [*above, *missing]), *drawn.steps),
        refusals=(*drawn.refusals, *along.refusals),
        standing=drawn.standing,
        protected=protected.folders,
        stays=tuple(drawn.stays),
        reasons=tuple(each for each in drawn.reasons if each[0] in stays),
    )


class TreeLayout(Layout):
    """A folder in which photos have the folders that they come from."""

    def __init__(self, into: Path, root: Path, protected: Protected = NOTHING) -> None:
        """Take a look.

        Args:
            into: the real path of the folder; it need not exist yet. What earlier runs made
                there is left as it is.
            root: the real path of the folder that places in it are relative to.
            protected: nothing goes into these folders.
        """
        super().__init__(into, {}, protected)
        self._root = root
        self._chosen: dict[tuple[Path, str], Path] = {}
        self._planned: dict[tuple[Path, str], Path] = {}
        self._there: dict[Path, list[str]] = {}

    def is_aside(self, photo: "Photo") -> bool:
        """Whether a photo is below the folder already."""
        return self.into in real(photo.path).parents

    def folder_of(self, photo: "Photo") -> Path:
        """The folder that a photo goes to: that of its own folder.

        Two folders that differ in upper and lower case alone are one, as many drives cannot hold
        both. Where a name is taken by something else than a folder, it is `2019 (2)`.
        """
        place = self.into
        for name in parts_below(self._root, real(photo.path).parent):
            key = (place, name)
            if key not in self._chosen:
                self._chosen[key] = self._folder_in(place, name)
            place = self._chosen[key]
        return place

    def _folder_in(self, place: Path, wanted: str) -> Path:
        taken = self.names_in(place)
        for name in naming.photo_names("", wanted, self.limit):
            folder = self._known_as(place, name)
            if folder is not None and self._may_have(folder):
                return folder
            key = naming.clash_key(name)
            if folder is None and key not in taken:
                taken.add(key)
                self._planned[place, key] = place / name
                return place / name
        raise AssertionError("names never end")

    def _known_as(self, place: Path, name: str) -> Path | None:
        """What has this name there, or one that differs in its case alone; now or in the plan."""
        if place not in self._there:
            self._there[place] = sorted(listed(place)) if place.is_dir() else []
        if name in self._there[place]:
            return place / name
        key = naming.clash_key(name)
        if (place, key) in self._planned:
            return self._planned[place, key]
        alike = (each for each in self._there[place] if naming.clash_key(each) == key)
        return next((place / each for each in alike), None)

    def _may_have(self, folder: Path) -> bool:
        if not os.path.lexists(folder):
            return True
        is_folder = folder.is_dir() and not folder.is_symlink()
        return is_folder and not self.is_protected(folder)


@dataclass(slots=True, kw_only=True)
class _TreeDraft(Draft):
    """The plan while set after set is added to it."""

    layout: TreeLayout
    keep: Sequence[str]
    standing: int = 0
    reasons: list[tuple[Path, str]] = field(default_factory=list)

    def add_sets(self, groups: "Iterable[Group]") -> None:
        """Plan some groups, whose photos may be of the same shots."""
        members: list[Photo] = []
        going: dict[Photo, Kept] = {}
        for group in groups:
            ordered = ranked(group, self.keep, protected=self.protected)
            members += ordered
            going |= self._going(group, ordered)
        self._keep_shots_whole(going)
        stays = {real(photo.path): kept for photo, kept in going.items()}
        for unit in self.along.units(members, set(going), self.action):
            if unit.photo in going:
                steps = self.put(unit, "", self.layout.folder_of(unit.photo))
                self.steps += [replace(step, kept=stays.get(step.source)) for step in steps]

    def _going(self, group: "Group", ordered: "Sequence[Photo]") -> "dict[Photo, Kept]":
        """The photos of a group that can go, each with the one that stays."""
        usable = set(self.usable(ordered))
        aside = {photo for photo in usable if self.layout.is_aside(photo)}
        self.standing += len(aside)
        here = [photo for photo in ordered if not self.layout.is_aside(photo)]
        left = [photo for photo in here if photo in usable]
        if len(left) < 2:
            self._refuse(left if len(usable) < 2 else (), ALONE)
            return {}
        best = here[0]
        kept = Kept(replace(best.file, path=real(best.path)), best.content)
        if best not in usable:
            reason = next(each.reason for each in self.refusals[::-1] if each.path == best.path)
            self._refuse(left, stays_as(kept, reason))
            return {}
        self.stays += [photo.path for photo in left[1:] if self._is_protected(photo)]
        rest = [photo for photo in left[1:] if not self._is_protected(photo)]
        if group.is_verified and group.kept not in here:
            rest = self._equal(rest, best, group.kept)
        if rest:
            seen = seen_in(group, self.keep)
            # against a copy of the same bytes nothing can be said but where it lies
            other = next((photo for photo in rest if photo.content != best.content), rest[0])
            reason = why(best, other, self.keep, seen, protected=self.protected)
            self.reasons.append((kept.file.path, reason))
        return dict.fromkeys(rest, kept)

    def _equal(self, photos: "Sequence[Photo]", best: "Photo", aside: "Photo") -> "list[Photo]":
        """Those that are the same as the one in place: the others were compared to one aside."""
        from dedupe.matching.relations import same_pixels

        same = [each for each in photos if each.content == best.content or same_pixels(each, best)]
        reason = f"stays, as it was compared with {safe(aside.path)} alone, which is put aside"
        self._refuse([photo for photo in photos if photo not in same], reason)
        return same

    def _keep_shots_whole(self, going: "dict[Photo, Kept]") -> None:
        """Let a RAW stay where its JPEG does: both are photos of sets, and two may stay."""
        for photo in list(going):
            for each in self.along.companions.together(photo):
                known = self.along.photos.get(each.path)
                if each.is_photo and known is not None and known not in going:
                    reason = f"stays, as {safe(each.path)}, of the same shot, does"
                    self._refuse([photo], reason)
                    del going[photo]
                    break

    def _is_protected(self, photo: "Photo") -> bool:
        return self.protected.holds(photo.path)

    def _refuse(self, photos: "Collection[Photo]", reason: str) -> None:
        self.refusals += [Refusal(photo.path, reason) for photo in photos]
