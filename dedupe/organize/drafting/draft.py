"""A plan while group after group is added to it: what all drafts have in common."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from dedupe.organize.drafting.layout import Layout
from dedupe.organize.files import checks
from dedupe.organize.files.place import Place
from dedupe.organize.plans.actions import Action
from dedupe.organize.steps import Refusal, Step

if TYPE_CHECKING:
    from dedupe.organize.drafting.along import Along, Unit
    from dedupe.photos.photo import Photo


@dataclass(slots=True, kw_only=True)
class Draft:
    """The steps so far, and who has which photo.

    Attributes:
        action: what is done to the photos.
        layout: says where they go.
        along: says what goes with them.
        keep: names in KEEP_RULES.
        steps: what is planned.
        refusals: what is not, and why.
    """

    action: Action
    layout: Layout
    along: "Along"
    keep: Sequence[str]
    steps: list[Step] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    _used: set[Path] = field(default_factory=set)

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
                self.refuse([photo], reason)
            elif self.action.takes_away and photo.path in self._used:
                self.refuse([photo], "belongs to an earlier group already")
            else:
                self._used.add(photo.path)
                yield photo

    def refuse(self, photos: "Collection[Photo]", reason: str) -> None:
        """Note why nothing is done to some photos."""
        self.refusals += [Refusal(photo.path, reason) for photo in photos]


def ranked_name(rank: int, digits: int) -> str:
    """What the name of a photo begins with in the folder of its group: `1 `, `01 `."""
    return f"{rank:0{digits}d} "
