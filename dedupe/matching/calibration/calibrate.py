"""What a threshold means in a library: what it finds of edited copies, what it gets wrong."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from dedupe.encoders.encode import load_encoder
from dedupe.encoders.encoder import SEED_THRESHOLD
from dedupe.encoders.registry import find_encoder
from dedupe.errors import DedupeError, IndexProblem, UnknownName
from dedupe.index.library import Library
from dedupe.matching.calibration.known_edits import KNOWN_EDITS
from dedupe.matching.calibration.unrelated import Apart, distances_apart
from dedupe.photos.decode import Wants, decode
from dedupe.photos.photo import Photo, Skip
from dedupe.photos.quiet import quiet_pillow
from dedupe.photos.read import read_picture
from dedupe.progress import Progress, Silent

if TYPE_CHECKING:
    from PIL import Image

    from dedupe.encoders.encode import LoadedEncoder

THRESHOLDS = (10.0, 12.0, 14.0, 16.0, 18.0, 20.0, 22.0, 24.0)

# Edits are made of pictures of this long side: a crop by 60 % and a quarter of the width are
# then still more than an encoder looks at, and an edit takes 30 ms, not 300.
_SIDE = 1024

# what an edit needs on each side
_SMALLEST = 16

# 20,000 photos are 2 x 10^8 pairs, enough for a share of one in a million. 33 s on two cores.
_MOST_PAIRED = 20_000

# The rule of the recommendation: at most one wrong pair per so many photos, by the upper end
# of the interval. Somebody who looks through 1,000 photos then meets 10.
PHOTOS_PER_WRONG_PAIR = 100

# 1.96 standard deviations: 19 of 20 such intervals hold the true share
_Z = 1.959964


@dataclass(frozen=True, slots=True)
class Found:
    """How many of some tries a threshold finds.

    Attributes:
        found: of them.
        of: tries.
    """

    found: int
    of: int

    @property
    def share(self) -> float:
        """0 to 1; 0 without tries."""
        return self.found / self.of if self.of else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Where the true share lies in 19 of 20 cases (Wilson 1927, without correction)."""
        if not self.of:
            return 0.0, 1.0
        z2 = _Z * _Z / self.of
        middle = (self.share + z2 / 2) / (1 + z2)
        half = _Z * (self.share * (1 - self.share) / self.of + z2 / 4 / self.of) ** 0.5 / (1 + z2)
        # at the ends, what is exactly 0 or 1 must not come out beside it by rounding
        low = 0.0 if self.found == 0 else middle - half
        return low, 1.0 if self.found == self.of else middle + half


@dataclass(frozen=True, slots=True)
class EditDistances:
    """One known edit, tried on several photos.

    Attributes:
        name: its key in KNOWN_EDITS.
        kind: "cropped", "turned", ...
        distances: (n,) float32, of the edited copy to its photo, in seed units, sorted.
    """

    name: str
    kind: str
    distances: npt.NDArray[np.float32]

    def within(self, threshold: float) -> Found:
        """How many copies lie within a threshold."""
        return Found(int((self.distances <= threshold).sum()), len(self.distances))


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What thresholds mean in one library.

    Attributes:
        encoder: the name of the encoder that measured.
        photos: photos of different content in the library.
        sample: the photos that edits were made of, in the order of their content hashes.
        skips: photos of the sample that were gone, changed or could not be read.
        edits: every known edit that was tried, in the order of KNOWN_EDITS.
        apart: the distances of photos of other days.
        thresholds: those that are reported.
        recommended: one of them, by the rule in `reason`.
        reason: why, as a sentence without its full stop.
    """

    encoder: str
    photos: int
    sample: tuple[Photo, ...]
    skips: tuple[Skip, ...]
    edits: tuple[EditDistances, ...]
    apart: Apart
    thresholds: tuple[float, ...]
    recommended: float
    reason: str

    def found(self, threshold: float, kind: str | None = None) -> Found:
        """How many edited copies of a kind (of all kinds if None) a threshold finds."""
        counts = [each.within(threshold) for each in self.edits if kind in (None, each.kind)]
        return Found(sum(each.found for each in counts), sum(each.of for each in counts))

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of edits, in the order of KNOWN_EDITS."""
        return tuple(dict.fromkeys(each.kind for each in self.edits))

    def wrong(self, threshold: float) -> Found:
        """How many pairs of unrelated photos a threshold takes for look-alikes."""
        return Found(self.apart.within(threshold), self.apart.pairs)

    def wrong_here(self, threshold: float) -> tuple[float, float]:
        """Wrong pairs to expect in all of this library: by the share that was counted, and by
        the upper end of its interval.
        """
        return _expected(self.wrong(threshold), self.photos)


def calibrate(
    library: Library,
    *,
    photos: int = 200,
    tries: int = 25,
    edits: Sequence[str] = (),
    weights: Path | None = None,
    device: str = "auto",
    progress: Progress | None = None,
) -> Calibration:
    """Measure what thresholds mean in a library: what they find, and what they get wrong.

    Some photos are read, edited in memory in the ways of KNOWN_EDITS, and encoded; the
    distance of each edited copy to its photo says what a threshold finds. The distances of
    photos of other days say what it gets wrong. The same library gives the same answer. No
    photo is changed, nothing is written. Takes 0.1 s of CPU time for each try and half a
    minute for the distances of 20,000 photos (1 GB); of more photos, 20,000 are compared.

    Args:
        library: as `scan` or `open_library` gives it.
        photos: how many photos are edited, at most; chosen by their content hashes.
        tries: how often each edit is tried, at most once for each of these photos.
        edits: keys of KNOWN_EDITS; all that can be made on this machine if empty.
        weights: the file that the library was scanned with, if it was not the published one.
        device: "auto", "cpu", "cuda" or "mps".
        progress: told how far it is.

    Returns:
        Counts for each of THRESHOLDS, by edit, and a recommendation with its reason.

    Raises:
        UnknownName: there is no such edit.
        IndexProblem: the library was scanned with other weights than are here now.
        DedupeError: no photo of the sample can be read, or the encoder cannot be loaded.
        ValueError: `photos` or `tries` is not positive.
    """
    if photos < 1 or tries < 1:
        raise ValueError(f"photos and tries are 1 or more, got {photos} and {tries}")
    for name in edits:
        if name not in KNOWN_EDITS:
            raise UnknownName("edit", name, KNOWN_EDITS)
    progress = progress or Silent()
    progress.start("Loading the encoder", 0)
    loaded = _encoder_of(library, weights, device)
    # the order of hashes is as good as a random one, and the same each time
    first: dict[bytes, int] = {}
    for row, photo in enumerate(library.photos):
        first.setdefault(photo.content, row)
    rows = [first[content] for content in sorted(first)]
    some = rows[:photos]
    chosen = [library.photos[row] for row in some]
    names = [name for name in edits or KNOWN_EDITS if KNOWN_EDITS[name].can_be_made]
    tried = min(tries, len(chosen))
    progress.start("Editing and encoding", tried * len(names))
    album = _Album(chosen)
    vectors = dict(zip(chosen, library.vectors[some].astype(np.float32), strict=True))
    distances: dict[str, list[float]] = {name: [] for name in names}
    with quiet_pillow():
        for name, photo, vector in _encoded(_edited(album, names, tried, loaded, progress), loaded):
            distances[name].append(float(np.linalg.norm(vectors[photo] - vector)))
    if not any(distances.values()):
        raise DedupeError(
            f"none of {len(chosen)} photos could be read and edited, so nothing was measured",
            "connect the drive they are on, or scan again",
        )
    progress.start("Comparing photos of other days", 0)
    paired = rows[:_MOST_PAIRED]
    apart = distances_apart(
        [library.photos[row] for row in paired], library.vectors[paired], device
    )
    recommended, reason = _recommended(apart, len(rows))
    return Calibration(
        encoder=library.encoder.name,
        photos=len(rows),
        sample=tuple(photo for photo in chosen if photo in album.readable),
        skips=tuple(album.skips.values()),
        edits=tuple(
            EditDistances(name, KNOWN_EDITS[name].kind, np.sort(np.array(each, np.float32)))
            for name, each in distances.items()
            if each
        ),
        apart=apart,
        thresholds=THRESHOLDS,
        recommended=recommended,
        reason=reason,
    )


def _encoder_of(library: Library, weights: Path | None, device: str) -> "LoadedEncoder":
    entry = find_encoder(library.encoder.name)
    loaded = load_encoder(entry.name, weights=weights, device=device)
    if loaded.fingerprint != library.encoder.fingerprint:
        raise IndexProblem(
            f"{library.index} was made with other weights or another version of {entry.name}",
            "give the same --weights FILE as for the scan, or scan again",
        )
    return loaded


class _Album:
    """The pictures of the sample, the last few of them kept: a collage wants its neighbours."""

    def __init__(self, photos: Sequence[Photo]) -> None:
        self.photos = photos
        self.skips: dict[Photo, Skip] = {}
        self.readable: set[Photo] = set()
        self._read = lru_cache(maxsize=8)(self._read_anew)

    def picture(self, number: int) -> "Image.Image | None":
        """The picture of a photo, from the first again after the last; None if unreadable."""
        return self._read(number % len(self.photos))

    def after(self, number: int, count: int) -> "list[Image.Image]":
        """As many pictures that follow, or fewer where there are not so many others."""
        found: list[Image.Image] = []
        for other in range(number + 1, number + len(self.photos)):
            if len(found) == count:
                break
            if (picture := self.picture(other)) is not None:
                found.append(picture)
        return found

    def _read_anew(self, number: int) -> "Image.Image | None":
        photo = self.photos[number]
        picture = read_picture(photo.file, _SIDE)
        if isinstance(picture, Skip):
            self.skips[photo] = picture
            return None
        if min(picture.size) < _SMALLEST:
            self.skips[photo] = Skip(photo.path, "is too small to be edited", False)
            return None
        self.readable.add(photo)
        return picture


_Edited = tuple[str, Photo, npt.NDArray[np.uint8]]


def _edited(
    album: _Album, names: Sequence[str], tries: int, loaded: "LoadedEncoder", progress: Progress
) -> Iterator[_Edited]:
    """Every edit of every photo whose turn it is, as the encoder sees it."""
    wants = Wants.of(loaded.encoder)
    for number, photo in enumerate(album.photos):
        for place, name in enumerate(names):
            # the photos of an edit are evenly spread, and begin elsewhere for each edit
            if (number + place) * tries % len(album.photos) >= tries:
                continue
            progress.advance()
            edit = KNOWN_EDITS[name]
            picture = album.picture(number)
            others = album.after(number, edit.others)
            if picture is None or len(others) < edit.others:
                continue
            data = edit.saved(picture, Random(f"{name} {photo.content.hex()}"), others)
            file = replace(photo.file, path=Path(name))
            yield name, photo, decode(data, file, wants, thumbnail=False).array


def _encoded(
    edited: Iterable[_Edited], loaded: "LoadedEncoder"
) -> Iterator[tuple[str, Photo, npt.NDArray[np.float32]]]:
    """The same with vectors, in half precision as those of the library."""
    waiting: deque[_Edited] = deque()

    def all_waiting() -> Iterator[tuple[str, Photo, npt.NDArray[np.float32]]]:
        vectors = loaded.encode(np.stack([pixels for *_, pixels in waiting]))
        for (name, photo, _), vector in zip(waiting, vectors, strict=True):
            yield name, photo, vector.astype(np.float16).astype(np.float32)
        waiting.clear()

    for each in edited:
        waiting.append(each)
        if len(waiting) == loaded.batch:
            yield from all_waiting()
    if waiting:
        yield from all_waiting()


def _expected(wrong: Found, photos: int) -> tuple[float, float]:
    pairs = photos * (photos - 1) / 2
    return wrong.share * pairs, wrong.interval[1] * pairs


def _recommended(apart: Apart, photos: int) -> tuple[float, str]:
    """The largest threshold whose wrong pairs are few enough, and why."""
    rule = f"one wrong pair per {PHOTOS_PER_WRONG_PAIR} photos at most"
    fits = [
        each
        for each in THRESHOLDS
        if apart.pairs
        and _expected(Found(apart.within(each), apart.pairs), photos)[1]
        <= photos / PHOTOS_PER_WRONG_PAIR
    ]
    if fits:
        return max(fits), f"the largest with {rule}, counted with the upper end of its interval"
    if not apart.within(THRESHOLDS[0]):
        words = "the default: there are too few unrelated photos here to tell"
        return SEED_THRESHOLD, words
    return THRESHOLDS[0], f"the smallest: even here there may be more than {rule}"
