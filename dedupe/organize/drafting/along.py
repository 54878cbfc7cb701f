"""What goes along with a photo: the steps that bring its companions to its new place."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from dedupe.names import safe
from dedupe.organize import naming
from dedupe.organize.files import checks
from dedupe.organize.files.place import Place
from dedupe.organize.plans.actions import Action, real
from dedupe.organize.steps import Refusal, Step
from dedupe.photos.companions import Companion, Companions
from dedupe.photos.photo import PhotoFile

if TYPE_CHECKING:
    from dedupe.matching.sets.groups import Group
    from dedupe.photos.photo import Photo


@dataclass(frozen=True, slots=True)
class Unit:
    """A photo of a set, and what goes where it goes.

    Attributes:
        photo: the photo.
        along: its companions, photos of the same shot among them.
    """

    photo: "Photo"
    along: tuple[Companion, ...] = ()


@dataclass(slots=True)
class Along:
    """Plans for the companions of photos; nothing is changed, what cannot go is noted.

    Attributes:
        companions: finds them.
        photos: those of all sets, as they were scanned, by path.
        refusals: what cannot go along, and why.
    """

    companions: Companions
    photos: dict[Path, "Photo"] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)

    def units(self, members: "Sequence[Photo]", usable: "set[Photo]", action: Action) -> list[Unit]:
        """The photos of a set, those left out that go along with one before them.

        Args:
            members: the photos, the one to keep first.
            usable: those that can be put somewhere. A companion that is a photo of a set and is
                none of these stays where it is.
            action: what is done to them.
        """
        units: list[Unit] = []
        gone: set[Path] = set()
        for photo in members:
            if photo.path in gone:
                continue
            along: list[Companion] = []
            if photo in usable and action.along:
                along = [
                    each
                    for each in self.companions.together(photo)
                    if each.path not in gone and self._free(each.path, usable)
                ]
                gone |= {photo.path, *(each.path for each in along)}
            units.append(Unit(photo, tuple(along)))
        return units

    def steps(self, unit: Unit, target: Path, places: Sequence[Path], action: Action) -> list[Step]:
        """The steps that bring what belongs to a photo to its new place, after it.

        Args:
            unit: the photo with its companions.
            target: the place of the photo.
            places: those of its companions, in their order.
            action: what is done to the photo.
        """
        going = {unit.photo.path, *(each.path for each in unit.along)}
        steps: list[Step] = []
        made = {naming.clash_key(target.name)}
        placed = {unit.photo.path: target.name}
        # photos first: while one of its photos stays, a sidecar stays
        ordered = sorted(
            zip(unit.along, places, strict=True), key=lambda pair: not pair[0].is_photo
        )
        for each, place in ordered:
            source = real(each.path)
            if source != place:
                try:
                    step = self._step(each, source, place, _with(each, unit, placed), action)
                    reason = self._reason(each, step, going, made, action)
                except OSError as error:
                    reason = f"cannot be read, so it does not go along: {checks.said(error)}"
                if reason:
                    self.refusals.append(Refusal(each.path, reason))
                    going.discard(each.path)
                    continue
                if reason is None:
                    steps.append(step)
                    made.add(naming.clash_key(place.name))
            placed[each.path] = place.name
        return steps

    def _free(self, path: Path, usable: "set[Photo]") -> bool:
        photo = self.photos.get(path)
        return photo is None or photo in usable

    def _step(self, each: Companion, source: Path, place: Path, photo: str, action: Action) -> Step:
        known = self.photos.get(each.path)
        found = Place.by_path(each.path)
        file = known.file if known else PhotoFile.seen(each.path, found.lstat())
        return Step(
            verb=action.along,
            source=source,
            target=place,
            size=file.size,
            mtime_ns=file.mtime_ns,
            device=file.device,
            inode=file.inode,
            content=known.content if known else checks.content_of(found),
            link=photo,
        )

    def _reason(
        self, each: Companion, step: Step, going: set[Path], made: set[str], action: Action
    ) -> str | None:
        """Why a companion does not go along; "" where it is there already; None if it goes."""
        staying = [owner for owner in each.owners if owner not in going]
        if action.takes_away and staying:
            return f"stays, as it also belongs to {safe(staying[0])}"
        if naming.clash_key(step.target.name) not in made:
            if not os.path.lexists(step.target):
                return None
            place = Place.by_path(step.target)
            if not action.takes_away and checks.same_bytes(place, step.file, step.content):
                return ""
        return f"stays, as its new name {safe(step.target)} is taken by another file"


def _with(each: Companion, unit: Unit, placed: dict[Path, str]) -> str:
    """The name of the photo without which a companion stays.

    Of a sidecar of several that is the one that itself goes along with the photo of the set: if
    either of the two stays, the sidecar does.
    """
    owners = [] if each.is_photo else [owner for owner in each.owners if owner in placed]
    others = [placed[owner] for owner in owners if owner != unit.photo.path]
    return others[-1] if others else placed[unit.photo.path]


def shots_together(groups: "Sequence[Group]", along: Along, action: Action) -> "list[list[Group]]":
    """The groups, those with photos of the same shots brought together.

    Two backups of a RAW with its JPEG are two groups, RAW with RAW and JPEG with JPEG. Moved,
    each RAW stays with its JPEG, so all go into the folder of the first one.

    Returns:
        A list for each of `groups`; those that are brought to an earlier one are empty.
    """
    if not action.along:
        return [[group] for group in groups]
    home = {photo.path: place for place, group in enumerate(groups) for photo in group.photos}
    first = list(range(len(groups)))

    def root(place: int) -> int:
        while first[place] != place:
            place = first[place]
        return place

    for place, group in enumerate(groups):
        for photo in group.photos:
            for each in along.companions.together(photo):
                if each.is_photo and each.path in home:
                    one, other = sorted((root(place), root(home[each.path])))
                    first[other] = one
    together: list[list[Group]] = [[] for _ in groups]
    for place, group in enumerate(groups):
        together[root(place)].append(group)
    return together


def along_for(photos: "Iterable[Photo]") -> Along:
    """What plans for the companions of these photos."""
    known = {photo.path: photo for photo in photos}
    return Along(Companions(known.values()), known)
