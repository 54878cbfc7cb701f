"""Whether a photo is as good as another one of the same picture, and if not, why."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from dedupe.matching.pairs.edits import edits
from dedupe.matching.pairs.evidence import Evidence
from dedupe.matching.pairs.relations import Relation
from dedupe.photos.decode import FORMATS
from dedupe.photos.photo import Photo, Skip
from dedupe.photos.read import read_picture

# All that is decoded pixel by pixel; every other format is a camera's RAW, of which a preview is.
_DECODED = (*FORMATS, "MPO", "JXL")

# With so many times the pixels, what a poorer compression did to them is averaged away.
_MANY_TIMES = 4

# How far one side may be longer against the other, beside what whole pixels make of it.
_SHAPE = 0.005

# Long side in pixels at which two pictures are laid on each other.
_SIDE = 2048

# Side of the squares whose mean colours are compared; by how much they may differ at most, and
# on the whole (root of the mean square), of 255. Of seven photos saved at quality 30 to 85, at a
# half and a quarter of their size: 8.9 and 1.5. A date in a corner makes 29, a watermark 37.
_SQUARE = 16
_APART, _TONED = 12.0, 2.0

# Of the fine detail of the one, as much must be in the other: 0.62 and more of a photo against
# its copies, as compression adds some; 0.02 after a blur of 0.4 % of a side.
_DETAIL = 0.5

# With so many times the pixels a photo is larger; then the smaller one, brought to its size, may
# have no more than this of its detail: a half as wide has 0.11 to 0.48, what was enlarged by half
# had 0.90 before.
_LARGER, _ENLARGED = 1.1, 0.75

_Light = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Shortfall:
    """What a photo lacks to be as good as another one.

    Attributes:
        words: each follows "only": "smaller: 1.2 MP of 12.2 MP", "cropped to 62 %"; none if
            nothing is known to be missing.
    """

    words: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.words)


def shortfall(
    photo: Photo, other: Photo, relation: Relation | None, evidence: Evidence | None
) -> Shortfall:
    """What `other` lacks to be as good as `photo`, by what is remembered of the two.

    Strict: what is not known to be as good is not. Of equal size, a JPEG must be of the same
    quality or better, as far as its tables say; how well another format was saved is not
    known. A larger photo of which the first is a part is another picture, too.

    Args:
        photo: that should not be lost.
        other: what is held against it.
        relation: of the two.
        evidence: of the two in the order of their contents, where there is any.

    Returns:
        Nothing where they are the same file; where they are the same pixels, and nothing of
        the camera's is lost; or where one whole picture lies on the other, and neither size,
        form, colours nor what is known of its quality speak against it. Then it is still to be
        found out by `seen_apart` whether something lies over it.
    """
    if relation is Relation.SAME_FILE:
        return Shortfall()
    if relation is None:
        return Shortfall(("something else",))
    more, lost = _more_than_pixels(photo), _lost(photo, other)
    if relation is Relation.SAME_PIXELS:
        return Shortfall((*more, *lost))
    if relation is not Relation.SAME_PICTURE or evidence is None:
        return Shortfall((_OTHER.get(relation, relation.words),))
    edits = (*_smaller(photo, other), *_edited(photo, other, evidence))
    return Shortfall((*more, *edits, *lost))


_OTHER = {
    Relation.SAME_MOMENT: "another shot of the moment",
    Relation.SAME_SCENE: "another shot of the scene",
}


def _more_than_pixels(photo: Photo) -> list[str]:
    """What no other file can stand in for, as only one picture of this one was looked at."""
    if photo.format not in _DECODED:
        return [f"a picture of what is camera RAW here ({photo.format})"]
    if photo.frames > 1:
        return [f"the first of {photo.frames:,} frames"]
    # a second picture lies behind the first: for the other eye, or for bright screens
    return ["the first of several pictures in one file"] if photo.format == "MPO" else []


def _lost(photo: Photo, other: Photo) -> list[str]:
    lost = ["capture time"] if photo.taken and not other.taken else []
    lost += ["place"] if photo.gps and not other.gps else []
    words = [f"without its {' and '.join(lost)}"] if lost else []
    if photo.taken and other.taken and abs((photo.taken - other.taken).total_seconds()) >= 1:
        words.append("with another capture time")
    return words


def _smaller(photo: Photo, other: Photo) -> list[str]:
    if other.pixels >= photo.pixels:
        return []
    sizes = [f"{each.pixels / 1e6:.1f} MP" for each in (other, photo)]
    if sizes[0] == sizes[1]:
        sizes = [f"{each.width} × {each.height}" for each in (other, photo)]
    return [f"smaller: {sizes[0]} of {sizes[1]}"]


def _edited(photo: Photo, other: Photo, evidence: Evidence) -> list[str]:
    """What was done to the picture, or may have been, beside its size."""
    words = [
        each
        for each in edits(photo, other, evidence)
        if not each.startswith(("resized", "enlarged"))
    ]
    if not words and (evidence.form != "whole" or _shape_differs(photo, other)):
        words = ["of nearly the same frame"]
    if other.pixels < _MANY_TIMES * photo.pixels:
        words += _poorer(photo, other)
    return words


def _shape_differs(photo: Photo, other: Photo) -> bool:
    wide, high = other.width / photo.width, other.height / photo.height
    # each side was rounded to a whole pixel, of whichever is smaller
    rounded = 1 / min(photo.width, other.width) + 1 / min(photo.height, other.height)
    return abs(wide / high - 1) > _SHAPE + rounded


def _poorer(photo: Photo, other: Photo) -> list[str]:
    if photo.jpeg_quality is None or other.jpeg_quality is None:
        return [f"as {other.format}, which may be poorer"]
    if other.jpeg_quality < photo.jpeg_quality:
        return [f"at JPEG quality {other.jpeg_quality} instead of {photo.jpeg_quality}"]
    return []


def seen_apart(photo: Photo, other: Photo) -> Shortfall:
    """What `other` lacks, by its pixels: both files are read.

    Both are brought to the size of the first, at most 2,048 pixels long. In no square of 16
    pixels may their mean colours differ by more than 12 of 255, so that neither a word nor a
    date lies over the picture, nor by more than 2 on the whole. Half of the fine detail of the
    first must be in the other, which a blurred copy has not; and a larger one must have more
    than the first, or it may have been enlarged.

    To be called inside `quiet_pillow`, by several threads if need be.

    Args:
        photo: that should not be lost.
        other: of which nothing else speaks against its being as good.
    """
    side = min(_SIDE, max(photo.width, photo.height))
    pictures = [read_picture(each.file, side) for each in (photo, other)]
    if other.pixels > _LARGER * photo.pixels:
        whole = ((each.file, max(each.width, each.height)) for each in (photo, other))
        pictures += [read_picture(file, longest) for file, longest in whole]
    seen = [each for each in pictures if not isinstance(each, Skip)]
    if len(seen) < len(pictures):
        return Shortfall(("in a file that cannot be read now",))
    words = _apart(*_of_one_size(*seen[:2]))
    if not words and len(seen) > 2:
        small, large = map(_middle, seen[2:])
        large_light, small_light = _of_one_size(large, small)
        if _detail(small_light) > _ENLARGED * _detail(large_light):
            words = ["larger, and with no more detail"]
    return Shortfall(tuple(words))


def _of_one_size(first: Image.Image, second: Image.Image) -> tuple[_Light, _Light]:
    """Both at the size of the first: (H, W, 3) float32, 0 to 255."""
    if first.size != second.size:
        second = second.resize(first.size, Image.Resampling.BICUBIC)
    return np.asarray(first, np.float32), np.asarray(second, np.float32)


def _middle(picture: Image.Image) -> Image.Image:
    """Half of the width and of the height: enough to tell how sharp it is."""
    wide, high = picture.size
    return picture.crop((wide // 4, high // 4, wide - wide // 4, high - high // 4))


def _apart(first: _Light, second: _Light) -> list[str]:
    import cv2

    means = np.asarray(cv2.blur(second - first, (_SQUARE, _SQUARE)))
    if float(np.abs(means).max()) > _APART:
        return ["where something in it differs"]
    if float(np.square(means).mean()) > _TONED**2:
        return ["a little toned"]
    if _detail(second) < _DETAIL * _detail(first):
        return ["less sharp"]
    return []


def _detail(light: _Light) -> float:
    """Mean square of what one pixel differs by from those around it."""
    import cv2

    grey = cv2.cvtColor(light, cv2.COLOR_RGB2GRAY)
    return float(np.square(grey - cv2.GaussianBlur(grey, (0, 0), 1.0)).mean())
