"""What the photos of a cluster share, in a few words: when, in which folder, where."""

import math
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dedupe.index.indexed import degrees
from dedupe.names import safe
from dedupe.photos.photo import Photo

# Photos of so few days are of an event, and its first and last day are said; else their month,
# else their year.
_DAYS = 14

# Farther from the middle is another place: a village, a part of a town.
_NEAR_KM = 5.0

EARTH_KM = 6371.0


def cluster_name(photos: Sequence[Photo], everything: Path) -> str:
    """Name photos by what all of them share.

    "2019-08-03 to 2019-08-05, Sicily, near 37.85° N 15.29° E": the days on which they were
    taken, or the month, or the year; the deepest folder that they are in, if it says more
    than the date and is not that of all photos; their place, if all lie within 5 km of the
    middle. What one of them does not know, they do not share.

    Args:
        photos: one or more; the first lends its own name where they share nothing.
        everything: the folder that holds all photos of the library.

    Returns:
        One line without anything that a terminal would obey, never empty.
    """
    when = _when(photos)
    folder = _folder(photos, everything)
    parts = [when, "" if folder in when else folder, _where(photos)]
    said = [part for part in parts if part]
    return ", ".join(said) or f"like {safe(photos[0].path.stem)}"


def shared_folder(photos: Sequence[Photo]) -> Path:
    """The deepest folder that holds all of some photos."""
    return Path(_shared(photos))


def _shared(photos: Sequence[Photo]) -> str:
    # what the first and the last path begin with, all between begin with; and by letters: to make
    # a Path of each parent took half of naming 4,500 clusters
    paths = [os.fspath(photo.path) for photo in photos]
    ends = (min(paths), max(paths)) if paths else ()
    folders = {path.rpartition(os.sep)[0] or os.sep for path in ends}
    try:
        return os.path.commonpath(folders)
    except ValueError:  # two drives of Windows, or no photo at all
        return ""


def places(photos: Sequence[Photo]) -> npt.NDArray[np.float64]:
    """(N, 3) points on a ball of radius 1; nan for photos that do not know where they are."""
    north, east = np.radians(degrees(photos)).T
    return np.stack(
        [np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)], axis=1
    )


def _when(photos: Sequence[Photo]) -> str:
    times = [photo.taken for photo in photos if photo.taken is not None]
    if len(times) < len(photos):
        return ""
    first, last = min(times).date(), max(times).date()
    if first == last:
        return f"{first}"
    if (last - first).days < _DAYS:
        return f"{first} to {last}"
    if (first.year, first.month) == (last.year, last.month):
        return f"{first}"[:7]
    return f"{first}"[:4] if first.year == last.year else ""


def _folder(photos: Sequence[Photo], everything: Path) -> str:
    folder = _shared(photos)
    return "" if folder == os.fspath(everything) else safe(folder.rpartition(os.sep)[2])


def _where(photos: Sequence[Photo]) -> str:
    if any(photo.latitude is None for photo in photos):
        return ""
    points = places(photos)
    middle = points.sum(axis=0)
    length = float(np.linalg.norm(middle))
    if not length > 0:  # of places on two sides of the Earth
        return ""
    middle /= length
    if EARTH_KM * np.linalg.norm(points - middle, axis=1).max() > _NEAR_KM:
        return ""
    north = math.degrees(math.asin(max(-1.0, min(1.0, float(middle[2])))))
    east = math.degrees(math.atan2(float(middle[1]), float(middle[0])))
    # two digits are a kilometre
    return f"near {_angle(north, 'NS')} {_angle(east, 'EW')}"


def _angle(degrees: float, letters: str) -> str:
    shown = f"{abs(degrees):.2f}"
    return f"{shown}° {letters[degrees < 0 and float(shown) > 0]}"
