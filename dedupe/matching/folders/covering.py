"""What covers a photo, or comes nearest to it: by hashes, then by laying photos on each other."""

import os
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from dedupe.cores import cores
from dedupe.encoders.encoder import SEED_THRESHOLD
from dedupe.index.library import Library
from dedupe.matching.near.across import nearest_across
from dedupe.matching.pairs.equal import seen_apart, shortfall
from dedupe.matching.pairs.evidence import Evidence
from dedupe.matching.pairs.examination import Examination
from dedupe.matching.pairs.relations import Relation, same_pixels
from dedupe.matching.pairs.standing import Below, stands
from dedupe.photos.photo import Photo
from dedupe.photos.quiet import quiet_pillow
from dedupe.progress import Progress

IGNORED = "what you said is different (dedupe ignore)"

# Pairs of files that are open at once: 150 MB each where a photo has 12 MP and the other 50.
_AT_ONCE = 8

_Found = dict[bytes, tuple[Relation, Evidence | None]]
"""By content, what a photo is to another one, and why."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A photo that may cover another one.

    Attributes:
        photo: under a name that counts.
        relation: what it is to the other.
        missing: what it lacks, in words that follow "only"; it covers the other if nothing.
        stands: whether it is there, unchanged.
    """

    photo: Photo
    relation: Relation
    missing: tuple[str, ...]
    stands: bool

    @property
    def rank(self) -> tuple[int, bool, int, int, bytes]:
        """The smallest covers best, or comes nearest to it."""
        lacks = self.relation, not self.stands, len(self.missing)
        return *lacks, -self.photo.pixels, os.fsencode(self.photo.path)


class Covering:
    """Looks for what covers the photos of a folder, each content once."""

    def __init__(
        self,
        library: Library,
        now: Below,
        counts: Callable[[Path], bool],
        device: str,
        progress: Progress,
    ) -> None:
        """Sort the photos that may cover others.

        Args:
            library: of both sides.
            now: what lies below the folder now.
            counts: whether a path is on the side that covers.
            device: for the distances.
            progress: told of what is compared.
        """
        self._library = library
        self._now = now
        self._counts = counts
        self._device = device
        self._progress = progress
        self._rows: dict[bytes, list[int]] = {}
        self._pixels: dict[bytes, list[bytes]] = {}
        for row, photo in enumerate(library.photos):
            if any(counts(name) for name in names_of(photo)):
                self._rows.setdefault(photo.content, []).append(row)
        for content, (row, *_) in self._rows.items():
            photo = library.photos[row]
            if same_pixels(photo, photo):
                self._pixels.setdefault(photo.pixel_hash, []).append(content)

    def closest(self, photos: Iterable[Photo]) -> tuple[dict[bytes, Candidate], set[bytes]]:
        """What covers some photos, or comes nearest to them.

        Args:
            photos: that are there, unchanged.

        Returns:
            By content, where there is anything; and the contents that have no thumbnail, of
            which it is not known.
        """
        each = {photo.content: photo for photo in photos}
        seen = {content: self._by_hashes(photo) for content, photo in each.items()}
        found = {content: min(seen[content], key=_rank) for content in each if seen[content]}
        left = {
            content: photo
            for content, photo in each.items()
            if content not in found or found[content].missing
        }
        related, unseen = self._related(left)
        for content, others in related.items():
            for other, (relation, evidence) in others.items():
                seen[content].append(self._candidate(left[content], other, relation, evidence))
        self._progress.start("Looking closely", len(left))
        with quiet_pillow(), ThreadPoolExecutor(min(cores(), _AT_ONCE)) as pool:
            looked = pool.map(lambda photo: _closest(photo, seen[photo.content]), left.values())
            try:
                for content, best in zip(left, looked, strict=True):
                    if best is not None:
                        found[content] = best
                    self._progress.advance()
            finally:  # after Ctrl-C nobody waits for the rest
                pool.shutdown(cancel_futures=True)
        return found, unseen

    def _by_hashes(self, photo: Photo) -> list[Candidate]:
        """The same file and the same pixels on the other side."""
        found = []
        if photo.content in self._rows:
            found.append(self._candidate(photo, photo.content, Relation.SAME_FILE, None))
        if same_pixels(photo, photo):
            for content in self._pixels.get(photo.pixel_hash, ()):
                if content != photo.content:
                    found.append(self._candidate(photo, content, Relation.SAME_PIXELS, None))
        return found

    def _candidate(
        self, photo: Photo, content: bytes, relation: Relation, evidence: Evidence | None
    ) -> Candidate:
        """The file of a content that stands, or else the first of them."""
        why = ""
        for row in self._rows[content]:
            other = self._library.photos[row]
            names = [name for name in names_of(other) if self._counts(name)]
            name, why = stands(other, names, self._now)
            if name is not None:
                missing = shortfall(photo, other, relation, evidence).words
                if self._library.ignored.apart(photo.content, content):
                    missing = (IGNORED,)
                return Candidate(named(other, name), relation, missing, stands=True)
        first = self._library.photos[self._rows[content][0]]
        name = next(name for name in names_of(first) if self._counts(name))
        return Candidate(named(first, name), relation, (why,), stands=False)

    def _related(self, left: Mapping[bytes, Photo]) -> tuple[dict[bytes, _Found], set[bytes]]:
        """What photos that count are to these, but for their hashes; and whom nobody could see."""
        library = self._library
        rows: dict[bytes, int] = {}
        for row, photo in enumerate(library.photos):
            if photo.content in left:
                rows.setdefault(photo.content, row)
        lefts = np.array(sorted(rows.values()), np.int64)
        # of a content on both sides no file stands, or it would have covered itself
        others = {each[0] for each in self._rows.values()}.difference(rows.values())
        pairs, away = nearest_across(
            library,
            lefts,
            np.array(sorted(others), np.int64),
            device=self._device,
            progress=self._progress,
        )
        shown = np.unique(pairs)
        photos = [library.photos[row] for row in shown.tolist()]
        places = np.searchsorted(shown, pairs)
        order = np.unique(np.sort(places, axis=1), axis=0)
        with Examination(library, photos, self._progress) as examination:
            related = examination.related(order)
            unseen = {photos[number].content for number in examination.without}
        found: dict[bytes, _Found] = {}
        for (one, other), distance in zip(places.tolist(), away.tolist(), strict=True):
            verdict = related.get((min(one, other), max(one, other)))
            proved = (verdict.relation, verdict.evidence) if verdict is not None else None
            if proved is None and distance <= SEED_THRESHOLD:
                proved = Relation.LOOK_ALIKE, None
            if proved is not None:
                found.setdefault(photos[one].content, {})[photos[other].content] = proved
        return found, unseen


def _rank(candidate: Candidate) -> tuple[int, bool, int, int, bytes]:
    return candidate.rank


def _closest(photo: Photo, candidates: Iterable[Candidate]) -> Candidate | None:
    """The one that covers a photo, its file looked at; else the one that comes nearest."""
    best: Candidate | None = None
    for each in sorted(candidates, key=_rank):
        looked = each
        if not each.missing:
            looked = replace(each, missing=seen_apart(photo, each.photo).words)
            if not looked.missing:
                return looked
        if best is None or looked.rank < best.rank:
            best = looked
    return best


def names_of(photo: Photo) -> tuple[Path, ...]:
    """Every name of a photo, hard links and all."""
    return (photo.path, *photo.hard_links)


def named(photo: Photo, name: Path) -> Photo:
    """The photo under one of its names alone."""
    if name == photo.path and not photo.hard_links:
        return photo
    return replace(photo, file=replace(photo.file, path=name), hard_links=())
