"""Tight sets of look-alikes out of pairs."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

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
