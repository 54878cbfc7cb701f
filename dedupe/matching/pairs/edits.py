"""What was done to a picture, in words: cropped, turned, resized, toned, ..."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dedupe.matching.pairs.agreed import agrees_plainly, is_drawn
from dedupe.matching.pairs.evidence import Evidence
from dedupe.photos.photo import Photo

# Less than so much is not named: what rounding and re-encoding leave.
_ANGLE = 0.7  # degrees
_SIZE = 0.02  # of a side
_AREA = 0.97  # of a picture
_STRETCH = 0.03  # of one side against the other
_PERSPECTIVE = 0.04  # by which opposite sides differ
_TONED = 0.035  # mean difference of colours, 0 to 1: 0.02 after a poor JPEG
_GREY = 0.015  # mean colourfulness of a grey picture
_OVERLAID = 0.93  # share that agrees, below which something lies over it

_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Placement:
    """How the picture of one photo lies in that of another, in their own pixels.

    Attributes:
        turned: 0, 90, 180 or 270 degrees clockwise.
        tilted: degrees beside that, -45 to 45.
        scale: pixels of the other per pixel of the one, along a line.
        stretched: how much more one side is stretched than the other, as a factor of 1 and up.
        perspective: by how much opposite sides differ in length, 0 to 1.
        kept: share of the one's area that is in the other.
        filled: share of the other's area that is of the one.
    """

    turned: int
    tilted: float
    scale: float
    stretched: float
    perspective: float
    kept: float
    filled: float


Asked = tuple[Photo, Photo, Evidence]
"""Two photos of one picture, and the evidence of the two in the order of their contents."""


def placement(one: Photo, other: Photo, evidence: Evidence) -> Placement:
    """Where one photo's picture lies in another's.

    Args:
        one: a photo.
        other: the same picture.
        evidence: of the two, in the order of their contents (as `examine_pair` has it).
    """
    (found,) = placements([(one, other, evidence)])
    return found


def placements(asked: Sequence[Asked]) -> list[Placement]:
    """Of each pair, where the first photo's picture lies in the second's.

    All at once: in a library of 100,000 photos there are tens of thousands.
    """
    if not asked:
        return []
    sizes = np.array([[(it.width, it.height) for it in both] for *both, _ in asked], np.float64)
    there = _corners(_carried(asked, sizes), sizes[:, 0])
    top, right, bottom, left = (there[:, [1, 2, 2, 3]] - there[:, [0, 1, 3, 0]]).swapaxes(0, 1)
    across, down = (top + bottom) / 2, (left + right) / 2
    angles = np.degrees(np.arctan2(across[:, 1], across[:, 0]))
    turned = np.round(angles / 90) * 90
    wide, high = (_length(across), _length(down)) / sizes[:, 0].T
    lengths = [_length(side) for side in (top, bottom, left, right)]
    apart = np.maximum(abs(lengths[0] - lengths[1]), abs(lengths[2] - lengths[3]))
    shares = [
        (evidence.of_first, evidence.of_second)[:: 1 if _is_straight(one, other) else -1]
        for one, other, evidence in asked
    ]
    columns = (
        turned.astype(np.int64) % 360,
        angles - turned,
        np.sqrt(wide * high),
        np.maximum(wide / high, high / wide),
        apart / np.maximum.reduce(lengths),
        *np.array(shares, np.float64).T,
    )
    return list(map(Placement, *(column.tolist() for column in columns)))


def named_edit(kept: Photo, other: Photo, evidence: Evidence) -> str:
    """Say what was done to `kept` to make `other`: "cropped to 62 %, resized to 50 %".

    Args:
        kept: the photo that is held to be the original.
        other: the same picture.
        evidence: of the two, in the order of their contents (as `examine_pair` has it).

    Returns:
        Words with commas; "re-saved" where nothing else is seen.
    """
    (words,) = named_edits([(kept, other, evidence)])
    return words


def named_edits(asked: Sequence[Asked]) -> list[str]:
    """`named_edit` of several pairs."""
    return [
        ", ".join(_edits(each, place)) or _saved(*each[:2])
        for each, place in zip(asked, placements(asked), strict=True)
    ]


def edits(kept: Photo, other: Photo, evidence: Evidence) -> list[str]:
    """Everything that was done to `kept` to make `other`, each in words; none where only saved.

    Args are those of `named_edit`.
    """
    asked = kept, other, evidence
    return _edits(asked, placement(*asked))


def _edits(asked: Asked, place: Placement) -> list[str]:
    kept, other, evidence = asked
    words = _shape(place, evidence) + _size(place)
    words += _colours(evidence, back=not _is_straight(kept, other))
    if evidence.agreement.share < _OVERLAID and evidence.agreement.beneath > _OVERLAID:
        words.append("overlaid")
    return words


def _saved(kept: Photo, other: Photo) -> str:
    return "re-saved" if kept.format == other.format else f"saved as {other.format}"


def _shape(place: Placement, evidence: Evidence) -> list[str]:
    words = ["negative"] if evidence.negative else []
    words += ["mirrored"] if evidence.mirrored else []
    if place.turned:
        words.append(f"turned {place.turned}°")
    if abs(place.tilted) > _ANGLE:
        words.append(f"tilted {abs(place.tilted):.0f}°")
    if place.perspective > _PERSPECTIVE and evidence.form == "free":
        words.append("in perspective")
    if evidence.form == "bent":
        words.append("bent as by a lens")
    if place.stretched > 1 + _STRETCH:
        words.append("stretched")
    return words


def _size(place: Placement) -> list[str]:
    words = []
    if place.kept < _AREA:
        words.append(f"cropped to {max(place.kept, 0.01):.0%}".replace("%", " %"))
    if place.filled < _AREA:
        words.append(f"framed, {max(place.filled, 0.01):.0%} of it".replace("%", " %"))
    if abs(place.scale - 1) > _SIZE:
        verb = "resized" if place.scale < 1 else "enlarged"
        words.append(f"{verb} to {place.scale:.0%}".replace("%", " %"))
    return words


def _colours(evidence: Evidence, *, back: bool) -> list[str]:
    chroma = evidence.agreement.chroma
    before, after = chroma[::-1] if back else chroma
    if after < _GREY < before:
        is_drawing = is_drawn(evidence) and not agrees_plainly(evidence)
        return ["drawn" if is_drawing else "grey"]
    if before < _GREY < after:
        return ["coloured"]
    return ["toned"] if evidence.agreement.tone > _TONED else []


def _is_straight(one: Photo, other: Photo) -> bool:
    """Whether the evidence of two photos carries the first to the second."""
    return one.content <= other.content


def _carried(asked: Sequence[Asked], sizes: _Floats) -> _Floats:
    """What carries the first photo of each pair to the second, in their own pixels: (M, 3, 3).

    Args:
        asked: the pairs.
        sizes: (M, 2, 2) width and height of both photos.
    """
    straight = [_is_straight(one, other) for one, other, _ in asked]
    carried = np.array([evidence.homography for *_, evidence in asked], np.float64)
    back = ~np.array(straight)
    carried[back] = np.linalg.inv(carried[back])
    # thumbnails are the whole photo, their sides rounded to whole pixels
    seen = [
        evidence.sizes if way else evidence.sizes[::-1]
        for way, (*_, evidence) in zip(straight, asked, strict=True)
    ]
    scale = sizes / np.array(seen, np.float64)
    sized = np.zeros((len(asked), 2, 3, 3))
    # pixel centres: the middle of the first pixel is at half of its width
    sized[..., 0, 0], sized[..., 1, 1], sized[..., 2, 2] = scale[..., 0], scale[..., 1], 1
    sized[..., :2, 2] = (scale - 1) / 2
    whole: _Floats = sized[:, 1] @ carried @ np.linalg.inv(sized[:, 0])
    return whole


def _corners(carried: _Floats, sizes: _Floats) -> _Floats:
    """Where the corners of pictures go, clockwise from the upper left: (M, 4, 2)."""
    edges = np.ones((len(sizes), 4, 3))
    edges[..., :2] = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * sizes[:, None] - 0.5
    moved = edges @ carried.swapaxes(1, 2)
    there: _Floats = moved[..., :2] / moved[..., 2:]
    return there


def _length(sides: _Floats) -> _Floats:
    """(M,) of (M, 2)."""
    return np.hypot(sides[:, 0], sides[:, 1])
