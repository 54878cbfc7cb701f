"""Tight sets of look-alikes."""

import os
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from dedupe.encoders.encoder import SEED_THRESHOLD
from dedupe.index.library import Library
from dedupe.matching.distances import Pairs
from dedupe.matching.linkage import complete_linkage
from dedupe.matching.remembered import near_pairs
from dedupe.photos.photo import Photo


@dataclass(frozen=True, slots=True)
class Group:
    """Two or more photos, every two of which look alike.

    Attributes:
        photos: sorted by path, so that the same library prints the same way twice.
        spread: the largest L2 distance between any two of them, in seed units.
        vectors: (k, D) float32, the embeddings of `photos`, row by row.
    """

    photos: tuple[Photo, ...]
    spread: float
    vectors: npt.NDArray[np.float32] = field(compare=False, repr=False)

    def __post_init__(self) -> None:
        if len(self.photos) < 2:
            raise ValueError(f"a group needs at least 2 photos, got {len(self.photos)}")

    def distances_to(self, photo: Photo) -> dict[Photo, float]:
        """The L2 distance of every member to `photo`, a member, in seed units."""
        # in float64: members of one group are close, and float32 differences of close
        # vectors lose the digits that are printed
        rows = self.vectors.astype(np.float64)
        away = np.linalg.norm(rows - rows[self.photos.index(photo)], axis=1)
        return dict(zip(self.photos, away.tolist(), strict=True))


def find_groups(
    library: Library, threshold: float = SEED_THRESHOLD, *, device: str = "auto"
) -> list[Group]:
    """Sets of photos in which every two are within `threshold` of each other.

    The same library gives the same groups, whatever the device or the order in which the
    photos were found. Copies of one file cost one comparison, not many.

    Args:
        library: as `scan` or `open_library` gives it.
        threshold: L2 in seed units; up to 16 it is the same kind of picture.
        device: "auto", "cpu", "cuda" or "mps".

    Returns:
        The tightest group first; equally tight ones in the order of their first path.

    Raises:
        ValueError: `threshold` is negative.
        DeviceMissing: the device is not on this machine.
    """
    contents: dict[bytes, list[int]] = {}
    photos = library.photos
    for row in sorted(range(len(photos)), key=lambda row: os.fsencode(photos[row].path)):
        contents.setdefault(photos[row].content, []).append(row)
    # contents by number, in the order of their first path: ties end with the path
    copies = list(contents.values())
    number = np.zeros(len(photos), np.int64)
    number[[rows[0] for rows in copies]] = np.arange(len(copies))
    pairs = near_pairs(library, threshold, device=device)
    a, b = number[pairs.a], number[pairs.b]
    linked = complete_linkage(Pairs(np.minimum(a, b), np.maximum(a, b), pairs.distance))
    alone = set(range(len(copies))).difference(*(cluster.tolist() for cluster in linked))
    sets = [[row for each in cluster for row in copies[each]] for cluster in linked]
    sets += [copies[each] for each in sorted(alone) if len(copies[each]) > 1]
    groups = [_group(library, rows) for rows in sets]
    return sorted(groups, key=lambda group: (group.spread, os.fsencode(group.photos[0].path)))


def _group(library: Library, rows: list[int]) -> Group:
    rows.sort(key=lambda row: os.fsencode(library.photos[row].path))
    vectors = library.vectors[rows].astype(np.float32)
    return Group(tuple(library.photos[row] for row in rows), _spread(vectors), vectors)


def _spread(vectors: npt.NDArray[np.float32]) -> float:
    """The largest distance between any two rows."""
    exact = np.unique(vectors, axis=0).astype(np.float64)
    squares = np.einsum("ij,ij->i", exact, exact)
    # the product nominates the farthest partner of each row, subtraction measures it
    partners = [(squares - 2 * (exact @ row)).argmax() for row in exact]
    return float(np.linalg.norm(exact - exact[partners], axis=1).max(initial=0.0))
