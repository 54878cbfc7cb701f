"""One picture in a field of another: what was found of the two, carried over to all of both."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from dedupe.matching.pairs.evidence import Evidence
from dedupe.matching.pairs.geometry import area, corners, inverse, swapped
from dedupe.matching.points.features import Features
from dedupe.matching.within.field import Field
from dedupe.photos.photo import Photo

# Share of both frames, laid on each other, that is in both, above which what agrees in a part of
# them is no field of a collage: two shots from one place, in which something moved beside a door.
_ONE_FRAME = 0.8

# Share of two fields that is in both, above which two collages have one photo in common, or share
# of one of several that are in what is shown; but what takes more of a picture than the second
# number is in a frame, on a page, or most of a photo with a door in it.
_ONE_FIELD, _FRAMED = 0.8, 0.6

# What is found of a part that was cut out without a turn, of all of it.
_CARRIED = {"whole": "upright", "upright": "upright", "tilted": "tilted"}


def carried_over(
    found: Evidence, side: int, field: Field, first: Features, second: Features
) -> Evidence | None:
    """The evidence of a field of one picture, and of another, as that of the two pictures.

    Args:
        found: of the field and the second picture, or of the first and the field.
        side: 1 where the field is in the first, 2 in the second.
        field: where it is.
        first: one picture.
        second: the other.

    Returns:
        None where it seems to be no field that shows the other: both have one frame, or the
        other has it as a field, too.
    """
    holder, other = (first, second) if side == 1 else (second, first)
    there = found.homography if side == 1 else inverse(found.homography)
    if found.mirrored and side == 2:
        there = swapped(other.size) @ there
    if _is_a_field_there(corners(there, field.size), other):
        return None
    place = field.place
    if found.mirrored and side == 1:
        # all of it was swapped: what was left of the field is right of it
        place = swapped(holder.size) @ place @ swapped(field.size)
    whole = found.homography @ inverse(place) if side == 1 else place @ found.homography
    if _in_common(corners(whole, first.size), corners(np.eye(3), second.size)) > _ONE_FRAME:
        return None
    share = field.area / holder.area
    taken = (share, 1.0) if side == 1 else (1.0, share)
    # all beside the field is news, too
    news = tuple(its * part + 1 - part for its, part in zip(found.news, taken, strict=True))
    return replace(
        found,
        homography=whole,
        form=_CARRIED.get(found.form, "free") if field.is_upright else "free",
        of_first=taken[0] * found.of_first,
        of_second=taken[1] * found.of_second,
        news=(news[0], news[1]),
        sizes=(first.size, second.size),
        field_in=side,
    )


def holder_of_field(first: Photo, second: Photo, evidence: Evidence) -> Photo | None:
    """Which of two photos has the other one in a field; None if that was not found.

    Args:
        first: a photo.
        second: another one.
        evidence: of the two in the order of their contents.
    """
    in_order = sorted((first, second), key=lambda photo: photo.content)
    return in_order[evidence.field_in - 1] if evidence.field_in else None


def _is_a_field_there(shown: npt.NDArray[np.float64], other: Features) -> bool:
    """Whether what a field shows of another picture is a field of that, too, or several."""
    few = _both(shown, corners(np.eye(3), other.size)) < _FRAMED * other.area
    for each, _ in other.fields:
        place = corners(each.place, each.size)
        both = _both(shown, place)
        is_within = few and both > _ONE_FIELD * each.area
        is_one = each.area < _FRAMED * other.area and _in_common(shown, place) > _ONE_FIELD
        if is_within or is_one:
            return True
    return False


def _in_common(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> float:
    """Share of two quadrangles, given by their corners, that is in both."""
    both = _both(one, other)
    return both / max(abs(area(one)) + abs(area(other)) - both, 1e-9)


def _both(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> float:
    """The area that two quadrangles have in common."""
    import cv2

    return float(cv2.intersectConvexConvex(one.astype(np.float32), other.astype(np.float32))[0])
