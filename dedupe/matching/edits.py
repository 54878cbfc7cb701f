"""What was done to a picture, in words: cropped, turned, resized, toned, ..."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dedupe.matching.geometry import corners
from dedupe.matching.verify import Evidence
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


def placement(first: Photo, second: Photo, evidence: Evidence, *, back: bool) -> Placement:
    """Where one photo's picture lies in another's.

    Args:
        first: the photo that `evidence` carries.
        second: the photo that it is carried to.
        evidence: of the two.
        back: say where the second lies in the first, instead.
    """
    # thumbnails are the whole photo, their sides rounded to whole pixels
    to_first, to_second = _sized(first, evidence.sizes[0]), _sized(second, evidence.sizes[1])
    homography = to_second @ evidence.homography @ np.linalg.inv(to_first)
    size = first.width, first.height
    kept, filled = evidence.of_first, evidence.of_second
    if back:
        homography, size = np.linalg.inv(homography), (second.width, second.height)
        kept, filled = filled, kept
    there = corners(homography, size)
    top, bottom = there[1] - there[0], there[2] - there[3]
    left, right = there[3] - there[0], there[2] - there[1]
    across, down = (top + bottom) / 2, (left + right) / 2
    angle = math.degrees(math.atan2(across[1], across[0]))
    turned = round(angle / 90) * 90
    wide, high = np.hypot(*across) / size[0], np.hypot(*down) / size[1]
    lengths = [float(np.hypot(*side)) for side in (top, bottom, left, right)]
    apart = max(abs(lengths[0] - lengths[1]), abs(lengths[2] - lengths[3])) / max(lengths)
    return Placement(
        turned=turned % 360,
        tilted=angle - turned,
        scale=float(math.sqrt(wide * high)),
        stretched=float(max(wide / high, high / wide)),
        perspective=apart,
        kept=kept,
        filled=filled,
    )


def named_edit(kept: Photo, other: Photo, evidence: Evidence) -> str:
    """Say what was done to `kept` to make `other`: "cropped to 62 %, resized to 50 %".

    Args:
        kept: the photo that is held to be the original.
        other: the same picture.
        evidence: of the two, in the order of their contents (as `examine_pair` has it).

    Returns:
        Words with commas; "re-saved" where nothing else is seen.
    """
    words = edits(kept, other, evidence)
    if not words:
        words.append("re-saved" if kept.format == other.format else f"saved as {other.format}")
    return ", ".join(words)


def edits(kept: Photo, other: Photo, evidence: Evidence) -> list[str]:
    """Everything that was done to `kept` to make `other`, each in words; none where only saved.

    Args are those of `named_edit`.
    """
    straight = kept.content <= other.content
    first, second = (kept, other) if straight else (other, kept)
    place = placement(first, second, evidence, back=not straight)
    words = _shape(place, evidence) + _size(place) + _colours(evidence, back=not straight)
    if evidence.agreement.share < _OVERLAID and evidence.agreement.beneath > _OVERLAID:
        words.append("overlaid")
    return words


def _shape(place: Placement, evidence: Evidence) -> list[str]:
    words = ["mirrored"] if evidence.mirrored else []
    if place.turned:
        words.append(f"turned {place.turned}°")
    if abs(place.tilted) > _ANGLE:
        words.append(f"tilted {abs(place.tilted):.0f}°")
    if place.perspective > _PERSPECTIVE and evidence.form == "free":
        words.append("in perspective")
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
        return ["grey"]
    if before < _GREY < after:
        return ["coloured"]
    return ["toned"] if evidence.agreement.tone > _TONED else []


def _sized(photo: Photo, size: tuple[int, int]) -> npt.NDArray[np.float64]:
    """From pixels of a photo's thumbnail to its own: (3, 3)."""
    wide, high = photo.width / size[0], photo.height / size[1]
    # pixel centres: the middle of the first pixel is at half of its width
    return np.array([[wide, 0, (wide - 1) / 2], [0, high, (high - 1) / 2], [0, 0, 1]])
