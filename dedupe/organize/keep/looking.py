"""Looking at the pixels of a set where its headers do not settle which photo is the original."""

import os
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import combinations
from typing import TYPE_CHECKING

from dedupe.index.looked import Numbers
from dedupe.organize.keep.looked import seen_once
from dedupe.organize.keep.provenance import weight
from dedupe.organize.keep.rules import Seen
from dedupe.photos.photo import Photo, PhotoFile

if TYPE_CHECKING:  # it loads numpy
    from dedupe.photos.traces import Traces

# Formats that change no pixel: what is made from them has their numbers, but for its own steps.
_LOSSLESS = ("PNG", "BMP", "TIFF", "PPM")

# How far one shows the other's steps, from which on it was made from it; and below which not.
# Of one size: of 442 copies saved again with steps 1.6 times finer and more 0.24 and more, of 78
# with steps less fine than that 0.09 and more; of 520 that were not, at most 0.10.
_MADE_FROM, _NOT_MADE_FROM = 0.15, 0.1
# Share of numbers that lie within half a step, from which on it was compressed from the other:
# 0.96 and more of 120 JPEGs of quality 60 to 93; at most 0.91 of 80 edits.
_COMPRESSED = 0.95
# With steps nearly alike that holds in both directions, and tells nothing. So the finer one must
# also lie beyond its own steps, seen from the coarser: of 111 photos saved again with finer steps
# 0.98 and more of the original lay within those; of 168 with steps 1.6 times coarser and more at
# most 0.95 did, and less than 0.90 but for 4. Steps less coarse prove it in 15 of 168 only.
_BEYOND = 0.9
# Steps of that quality are too fine to look for; what was saved with them shows those before.
_FINEST_QUALITY = 99
# The same of a larger one, shrunk to the size of the other: of 526 shrunk copies of quality 75 to
# 97 at most 0.00; of 54 enlarged from quality 70 0.12 and more. With finer steps than those of
# quality 85 nothing need be left of them, so that nothing follows from it.
_ENLARGED_FROM, _PLAIN_STEPS = 0.04, 85
# And the share of its numbers within half a step: 0.66 and more of shrunk copies, 0.98 and more
# where both were shrunk in the same way.
_SHRUNK = 0.65
# Powers of ten by which the detail falls: of enlarged copies 0.4 to 1.8, of photos half below 0.5;
# but of soft ones, and of those that a camera enlarged, up to 1.8. So it proves nothing alone.
_CLIFF, _STEEP, _NO_CLIFF, _SLOPE = 1.35, 1.1, 0.6, 0.4
# The smaller one, enlarged again: the share of numbers that lie within half a step. Of 894 enlarged
# copies 0.97 and more of 789, 0.94 and more of 847; of 1,330 photos with a shrunk copy 4 and 9,
# which are soft. Where the steps are too fine to be shown, of photos at most 0.97.
_THE_SAME, _AGAIN, _NEARLY, _NEAR = 0.985, 0.97, 0.94, 0.9
# And what it shows of the steps: of enlarged copies 0.021 at most, of those photos 0.05 and more.
# Below 0.9 of the numbers of a small JPEG it was not shrunk from the larger one, as a rule.
_NOT_SHOWN, _OFF = 0.025, 0.9
# How many times as long a side must be for a header to tell: what is developed from a RAW has a
# few pixels more than the camera's own JPEG, and its header.
_RESIZED = 1.1

# Photos of 12 MP are soft at their own size, and twice enlarged have a cliff of 0.8 or less: so
# that a copy was shrunk follows from the detail only where nobody would enlarge so much.
_HALF = 0.45

# Sides that differ by less are of one shape: what rounding leaves of a small copy.
_SHAPE = 0.01

# Photos of one picture that are compared with each other: 496 pairs of 10 ms.
_MOST = 32


LOOKING = frozenset({"original", "sharpest"})
"""The rules that look at pixels."""


def look(pictures: Sequence[Sequence[Photo]], rules: Iterable[str]) -> Seen:
    """What the pixels say, where a rule asks for it and the index does not settle it.

    A file that is gone, changed or broken says nothing.

    Args:
        pictures: photos, those of one picture together.
        rules: "original" asks for copies, "sharpest" for sharpness; the others for nothing.
    """
    asked = set(rules)
    copies: dict[Photo, str] = {}
    if "original" in asked:
        for picture in pictures:
            copies |= _copies(picture)
    sharpness = {}
    if "sharpest" in asked:
        photos = [photo for picture in pictures for photo in picture]
        found = ((photo, _sharpness(photo.file, photo.content)) for photo in photos)
        sharpness = {photo: value for photo, value in found if value is not None}
    return Seen(copies, sharpness)


def _copies(picture: Sequence[Photo]) -> dict[Photo, str]:
    """Photos of one picture that are made from another of them, with what they are."""
    rivals = _rivals(picture)
    proofs: dict[Photo, list[tuple[Photo, str]]] = {}
    for one, other in combinations(rivals, 2):
        for copy, source, words in _proofs(one, other):
            proofs.setdefault(copy, []).append((source, words))
    said = {}
    for copy, found in proofs.items():
        # rivals come in order: of several, the first that is no copy itself is named
        best = min(found, key=lambda each: (each[0] in proofs, rivals.index(each[0])))
        said[copy] = best[1]
    if all(rival in proofs for rival in rivals):  # they contradict each other, and prove nothing
        return {}
    contents = {photo.content: words for photo, words in said.items()}
    # what was not looked at has no better claim than what was
    unseen = {photo.content for photo in picture} - {rival.content for rival in rivals}
    contents |= dict.fromkeys(unseen, "") if proofs else {}
    return {photo: contents[photo.content] for photo in picture if photo.content in contents}


def _rivals(picture: Sequence[Photo]) -> list[Photo]:
    """Of each content one photo, if it may be the original: the fewest signs, or more pixels."""
    contents: dict[bytes, Photo] = {}
    for photo in sorted(picture, key=lambda photo: (weight(photo), os.fsencode(photo.path))):
        contents.setdefault(photo.content, photo)
    least = min(map(weight, contents.values()))
    most = max(photo.pixels for photo in contents.values() if weight(photo) == least)
    rivals = [photo for photo in contents.values() if weight(photo) == least or photo.pixels > most]
    return sorted(rivals, key=lambda photo: (-photo.pixels, photo.content))[:_MOST]


def _proofs(one: Photo, other: Photo) -> Iterator[tuple[Photo, Photo, str]]:
    """Which of two is a copy, of which, and what it is."""
    large, small = (one, other) if one.pixels >= other.pixels else (other, one)
    if abs(large.width * small.height / (large.height * small.width) - 1) > _SHAPE:
        return
    if large.width > small.width:
        yield from _of_two_sizes(large, small)
    elif large.height == small.height:
        for finer, coarser in ((one, other), (other, one)):
            yield from _of_one_size(finer, coarser)


def _of_two_sizes(large: Photo, small: Photo) -> Iterator[tuple[Photo, Photo, str]]:
    """Whether the larger one was enlarged from the smaller, or that shrunk from it."""
    copy = _copy_by_pixels(large, small)
    if copy != large and _says_size_of(large, small):
        # a photo that got its header back from a small copy of it says so, too
        copy = None if copy == small else large
    elif copy is None and _says_size_of(small, large):
        copy = small
    if copy == large:
        yield large, small, f"is enlarged from {small.width} × {small.height}"
    elif copy == small:
        yield small, large, f"is shrunk from {large.width} × {large.height}"


def _copy_by_pixels(large: Photo, small: Photo) -> Photo | None:
    """Which of two sizes was made from the other, where their pixels tell."""
    left, within = _compression(large, small)
    if left is not None and left >= _ENLARGED_FROM:
        return large
    is_plain = left is not None and (small.jpeg_quality or 100) <= _PLAIN_STEPS
    seems_small = is_plain and within is not None and within >= _SHRUNK
    if seems_small and within is not None and within >= _OFF:
        return small
    fall = _cliff(large, small)
    if fall is None:
        return small if seems_small else None
    if not is_plain:
        seems_small = fall <= _NO_CLIFF and small.width < _HALF * large.width
    if fall < _SLOPE and not seems_small:
        return None
    share, shown = _enlarged_again(large, small)
    if share is not None and _is_enlarged(large, small, share, shown):
        return large
    return small if seems_small and (share is None or share < _NEAR) else None


def _is_enlarged(large: Photo, small: Photo, share: float, shown: float | None) -> bool:
    """Whether a photo is what a smaller one gives when it is enlarged once more."""
    fall = _cliff(large, small) or 0
    if shown is None:
        return fall > _NO_CLIFF and share >= _THE_SAME
    if shown > _NOT_SHOWN:
        return False
    _, within = _compression(large, small)
    return (
        # two that were saved from one picture without loss do not know each other's steps, too
        (fall >= _SLOPE and share >= _AGAIN and small.format not in _LOSSLESS)
        or (fall >= _STEEP and share >= _NEARLY)
        or (fall >= _CLIFF and share >= _NEAR and within is not None and within < _OFF)
    )


def _of_one_size(finer: Photo, coarser: Photo) -> Iterator[tuple[Photo, Photo, str]]:
    """Whether the finer one was made from the coarser, or the other way round, by their steps."""
    if coarser.jpeg_quality is None:
        return
    from dedupe.matching.pairs.relations import same_pixels

    if finer.format in _LOSSLESS and same_pixels(finer, coarser):
        yield finer, coarser, f"is a {finer.format} made from a JPEG"
        return
    left, within = _compression(finer, coarser)
    if left is None:
        return
    if left >= _MADE_FROM:
        words = f"is a {finer.format} made from a JPEG"
        if finer.jpeg_quality is not None:
            words = f"was saved again from quality {coarser.jpeg_quality}"
        yield finer, coarser, words
    elif (
        left < _NOT_MADE_FROM
        and within is not None
        and within >= _COMPRESSED
        and _is_no_copy(finer, coarser)
    ):
        yield coarser, finer, f"was saved again at quality {coarser.jpeg_quality}"


def _is_no_copy(finer: Photo, coarser: Photo) -> bool:
    """Whether a photo that shows no steps of a coarser JPEG was not saved again from it either."""
    if finer.jpeg_quality is None:
        return finer.format in _LOSSLESS
    if finer.jpeg_quality >= _FINEST_QUALITY:
        return True
    _, within = _compression(coarser, finer)
    return within is not None and within < _BEYOND


def _says_size_of(photo: Photo, other: Photo) -> bool:
    """Whether the header of a photo says the size of another one, and not its own."""
    said = _said_size(photo.file, photo.content)
    own, others = (sorted((each.width, each.height)) for each in (photo, other))
    # both as they lie in the file or turned: a header may say either
    if said is None or sorted(said) != others:
        return False
    return max(own[1], others[1]) >= _RESIZED * min(own[1], others[1])


def _enlarged_again(large: Photo, small: Photo) -> tuple[float | None, float | None]:
    """How near the smaller one, enlarged, comes to the larger; and how far it shows its steps."""
    size = large.width, large.height
    share, shown = _enlarged_of(large.file, large.content, small.file, small.content, size)
    return share, shown


def _cliff(large: Photo, small: Photo) -> float | None:
    """How suddenly the detail of a photo ends where that of a smaller one must."""
    return _cliff_of(large.file, large.content, small.content, small.width / large.width)


def _compression(one: Photo, other: Photo) -> tuple[float | None, float | None]:
    """How far one photo, at the size of the other, shows its steps; and lies within them."""
    size = other.width, other.height
    left, within = _compression_of(one.file, one.content, other.file, other.content, size)
    return left, within


# What a file holds does not change while its content does not: these remember what is slow to
# find, as plans and reports ask for it again. 32 x 400 kB.
@lru_cache(maxsize=32)
def _traces(file: PhotoFile, content: bytes, size: tuple[int, int] | None) -> "Traces | None":
    from dedupe.photos.photo import Skip
    from dedupe.photos.quiet import quiet_pillow
    from dedupe.photos.traces import read_traces

    with quiet_pillow():
        found = read_traces(file, size)
    return None if isinstance(found, Skip) else found


@lru_cache(maxsize=1 << 16)
def _cliff_of(file: PhotoFile, content: bytes, smaller: bytes, scale: float) -> float | None:
    from dedupe.photos.traces import cliff

    def find() -> Numbers | None:
        traces = _traces(file, content, None)
        return None if traces is None else (cliff(traces, scale),)

    return (seen_once("cliff", content, smaller, find) or (None,))[0]


@lru_cache(maxsize=1 << 16)
def _compression_of(
    file: PhotoFile, content: bytes, other: PhotoFile, other_content: bytes, size: tuple[int, int]
) -> Numbers:
    from dedupe.photos.traces import share_within_steps, steps_left

    def find() -> Numbers | None:
        of_other = _traces(other, other_content, None)
        if of_other is None:
            return None
        if not of_other.steps:
            return None, None
        traces = _traces(file, content, size)
        if traces is None:
            return None
        return steps_left(traces, of_other.steps), share_within_steps(traces, of_other)

    return seen_once("compression", content, other_content, find) or (None, None)


@lru_cache(maxsize=1 << 16)
def _enlarged_of(
    file: PhotoFile, content: bytes, smaller: PhotoFile, other: bytes, size: tuple[int, int]
) -> Numbers:
    from dedupe.photos.photo import Skip
    from dedupe.photos.quiet import quiet_pillow
    from dedupe.photos.traces import enlarged_again, read_enlarged

    def find() -> Numbers | None:
        traces = _traces(file, content, None)
        if traces is None:
            return None
        with quiet_pillow():
            again = read_enlarged(smaller, size)
        return None if isinstance(again, Skip) else enlarged_again(traces, again) or (None, None)

    return seen_once("enlarged", content, other, find) or (None, None)


@lru_cache(maxsize=1 << 16)
def _said_size(file: PhotoFile, content: bytes) -> tuple[float, float] | None:
    from dedupe.photos.photo import Skip
    from dedupe.photos.quiet import quiet_pillow
    from dedupe.photos.read import read_said_size

    def find() -> Numbers | None:
        with quiet_pillow():
            said = read_said_size(file)
        return None if isinstance(said, Skip) else said or (None, None)

    width, height = seen_once("said size", content, content, find) or (None, None)
    return None if width is None or height is None else (width, height)


@lru_cache(maxsize=1 << 16)
def _sharpness(file: PhotoFile, content: bytes) -> float | None:
    from dedupe.photos.quiet import quiet_pillow
    from dedupe.photos.sharpness import read_sharpness

    def find() -> Numbers | None:
        with quiet_pillow():
            found = read_sharpness(file)
        return None if found is None else (found,)

    return (seen_once("sharpness", content, content, find) or (None,))[0]
