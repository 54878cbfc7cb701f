"""Draws up plans that free space: which photo of a set stays, and what goes because of it."""

import os
from collections.abc import Collection, Sequence, Set
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from dedupe.errors import UnknownName
from dedupe.names import safe
from dedupe.organize.files import checks
from dedupe.organize.files.place import Place
from dedupe.organize.files.trash import Trashes, refuse_without_trash
from dedupe.organize.keep.ranking import DEFAULT_KEEP, check_rules, ranked
from dedupe.organize.plans.actions import link_text_for, real, step_of
from dedupe.organize.plans.freeing import (
    FREEING,
    SURE,
    Doubt,
    FreeingPlan,
    folder_above,
    reason_against,
    stands,
)
from dedupe.organize.protected import NOTHING, Protected
from dedupe.organize.steps import Kept, Refusal, Step

if TYPE_CHECKING:
    from dedupe.matching.sets.groups import Group
    from dedupe.photos.companions import Companions
    from dedupe.photos.photo import Photo


def plan_to_free(
    groups: "Sequence[Group]",
    *,
    action: str,
    keep: Sequence[str] = DEFAULT_KEEP,
    protected: Protected = NOTHING,
    named: Collection[Path] = (),
    trashed: Set[Path] = frozenset(),
) -> FreeingPlan:
    """Plan what goes of each group, so that one of its photos stays. Changes nothing.

    To the trash goes what is the same file or has the same pixels as the one to keep; what is
    weaker becomes a doubt, for a person to confirm. Replaced is what has the same bytes as
    another photo of the group that stays.

    Args:
        groups: each photo in at most one of them.
        action: a name in FREEING.
        keep: names in KEEP_RULES; decides which photo stays where nothing was verified.
        protected: folders in which nothing is trashed or replaced.
        named: photos that a person wants to trash: then these go, whatever they are to the one
            that stays, and no others.
        trashed: where photos were that are in the trash now; they are nothing to do.

    Raises:
        UnknownName: there is no such action or keep rule.
        UsageError: the system has no trash.
    """
    if action not in FREEING:
        raise UnknownName("action that frees space", action, FREEING)
    if action == "trash":
        refuse_without_trash()
    check_rules(keep)
    drawn = _Draft(action=action, protected=protected, named=frozenset(named), trashed=trashed)
    for group in groups:
        drawn.add(group, ranked(group, keep, protected=protected))
    known = {photo.path for group in groups for photo in group.photos}
    alone = "is in no set, so that nothing of it would stay"
    drawn.refusals += [Refusal(path, alone) for path in sorted(drawn.named - known)]
    order = {kept: place for place, kept in enumerate(dict.fromkeys(map(_kept, drawn.steps)))}
    steps = sorted(drawn.steps, key=lambda step: order[_kept(step)])
    relations = dict(drawn.relations)
    paths = [step.source for step in (*drawn.steps, *(doubt.step for doubt in drawn.doubts))]
    return FreeingPlan(
        action=action,
        into=folder_above(paths),
        steps=tuple(steps),
        refusals=tuple(drawn.refusals),
        standing=drawn.standing,
        unlike=drawn.unlike,
        protected=protected.folders,
        stays=tuple(drawn.stays),
        relations=tuple((step.source, relations[step.source]) for step in steps),
        doubts=tuple(drawn.doubts),
    )


@dataclass(slots=True)
class _Draft:
    """The plan while group after group is added to it."""

    action: str
    protected: Protected
    named: frozenset[Path]
    trashed: Set[Path]
    steps: list[Step] = field(default_factory=list)
    relations: list[tuple[Path, str]] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    standing: int = 0
    unlike: int = 0
    stays: list[Path] = field(default_factory=list)
    going: set[Path] = field(default_factory=set)
    kept: set[Path] = field(default_factory=set)
    trashes: Trashes = field(init=False)
    companions: "Companions" = field(init=False)

    def __post_init__(self) -> None:
        from dedupe.photos.companions import Companions  # it loads Pillow

        self.trashes = Trashes(self.protected)
        self.companions = Companions()

    def add(self, group: "Group", members: "Sequence[Photo]") -> None:
        """Plan one group, the photo to keep first."""
        wanted = [photo for photo in members if photo.path in self.named]
        if self.named:
            candidates = [photo for photo in members if photo.path not in self.named]
            if not candidates and wanted:
                self._refuse(wanted, "stays, as every photo of its set was named, and one stays")
                return
        else:
            candidates, wanted = list(members[:1]), list(members[1:])
        if not wanted:
            return
        if self.action == "trash":
            best, reason = self._first_that_stays(candidates)
            if best is None:
                self._refuse(
                    wanted, f"stays, as {safe(candidates[0].path)}, the one to keep, {reason}"
                )
                return
            for photo in wanted:
                self._trash(group, photo, best)
        else:
            self._replace(members)

    def _first_that_stays(self, photos: "Sequence[Photo]") -> "tuple[Photo | None, str]":
        reasons = []
        for photo in photos:
            if (reason := self._changed(photo)) is None:
                return photo, ""
            reasons.append(reason)
        return None, reasons[0]

    def _trash(self, group: "Group", photo: "Photo", best: "Photo") -> None:
        relation = self._relation(group, photo, best)
        if self.protected.wins(photo):
            if self.named:
                self._refuse([photo], "is in a protected folder")
            elif relation in SURE:
                self.stays.append(photo.path)
            return
        step = self._step(photo, best)
        if step is None:
            return
        try:
            trash = self.trashes.of(step.source)
        except OSError as error:
            trash = f"cannot be looked at: {checks.said(error)}"
        if isinstance(trash, str):
            self._refuse([photo], trash)
        elif relation in SURE or self.named:
            self._take(step, relation)
        else:
            self.kept.add(step.kept.file.path if step.kept else photo.path)
            self.doubts.append(Doubt(step, relation))

    def _relation(self, group: "Group", photo: "Photo", best: "Photo") -> str:
        """What a photo is to the one that stays; with a second picture in it, or a video, less."""
        relation = _relation(group, photo, best)
        if relation != "same pixels":  # else its header need not be read
            return relation
        has_more = photo.format == "MPO" or self.companions.has_motion(photo)
        return "same picture" if has_more else relation

    def _replace(self, members: "Sequence[Photo]") -> None:
        stay: dict[bytes, Photo] = {}
        for photo in members:
            if photo.content not in stay:
                if (reason := self._changed(photo)) is None:
                    stay[photo.content] = photo
                else:
                    self._refuse([photo], reason)
                    continue
            best = stay[photo.content]
            if photo == best:
                self.unlike += photo != members[0] and _is_alone(photo, members)
            elif self.protected.wins(photo):
                self.stays.append(photo.path)
            elif (step := self._step(photo, best)) is not None:
                self._take(step, SURE[0])

    def _step(self, photo: "Photo", best: "Photo") -> Step | None:
        """The step that takes a photo, or None where it cannot, or need not, be taken."""
        source = real(photo.path)
        if source in self.trashed and not os.path.lexists(source):
            return None
        file = replace(best.file, path=real(best.path))
        link = link_text_for(best.path, source) if self.action == "symlink-same" else ""
        step = step_of(self.action, photo, source, link)
        step = replace(step, kept=Kept(file, best.content))
        if self.action != "trash" and stands(step):
            self.standing += 1
            return None
        reason = self._changed(photo) or reason_against(step)
        if reason is None and (source in self.going or source in self.kept):
            reason = "belongs to an earlier set already"
        if reason is None and file.path in self.going:
            reason = f"stays, as {safe(file.path)}, the one to keep, goes in an earlier set"
        if reason is not None:
            self._refuse([photo], reason)
            return None
        return step

    def _take(self, step: Step, relation: str) -> None:
        assert step.kept is not None
        self.going.add(step.source)
        self.kept.add(step.kept.file.path)
        self.steps.append(step)
        self.relations.append((step.source, relation))

    def _changed(self, photo: "Photo") -> str | None:
        return checks.difference(Place.by_path(photo.path), photo.file, photo.content)

    def _refuse(self, photos: "Sequence[Photo]", reason: str) -> None:
        self.refusals += [Refusal(photo.path, reason) for photo in photos]


def _relation(group: "Group", photo: "Photo", best: "Photo") -> str:
    """What a photo is to another one, which need not be the one that the group was made around."""
    from dedupe.matching.pairs.relations import Relation, same_pixels

    if photo.content == best.content:
        return Relation.SAME_FILE.words
    if same_pixels(photo, best):
        return Relation.SAME_PIXELS.words
    found = group.members[group.photos.index(photo if best == group.kept else best)].relation
    if group.kept not in (photo, best) or found <= Relation.SAME_PIXELS:
        found = group.relation
    return max(found, Relation.SAME_PICTURE).words


def _is_alone(photo: "Photo", members: "Sequence[Photo]") -> bool:
    return sum(other.content == photo.content for other in members) == 1


def _kept(step: Step) -> Kept:
    assert step.kept is not None
    return step.kept
