"""Readings in, photos with vectors out; knows neither the index nor the terminal."""

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from dedupe.encoders.encode import LoadedEncoder
from dedupe.photos.dct_hash import dct_hashes
from dedupe.photos.decode import Reading
from dedupe.photos.photo import Photo, Skip

# Results that need no encoding (copies, skips) are handed on at the latest by this many.
_MOST = 64


@dataclass(frozen=True, slots=True)
class Batch:
    """Some photos, done, in the order in which they were read.

    Attributes:
        photos: B photos of a content that was not known before.
        vectors: of these, B arrays of (dim,) float32.
        thumbnails: of these, small JPEGs, or None where none was asked for.
        copies: photos whose content was known, or is that of an earlier photo.
        skips: what could not be read.
    """

    photos: list[Photo] = field(default_factory=list)
    vectors: list[npt.NDArray[np.float32]] = field(default_factory=list)
    thumbnails: list[bytes | None] = field(default_factory=list)
    copies: list[Photo] = field(default_factory=list)
    skips: list[Skip] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.photos) + len(self.copies) + len(self.skips)

    def extend(self, other: "Batch") -> None:
        """Take over what is in another one."""
        self.photos.extend(other.photos)
        self.vectors.extend(other.vectors)
        self.thumbnails.extend(other.thumbnails)
        self.copies.extend(other.copies)
        self.skips.extend(other.skips)


def encode_readings(
    readings: Iterable[Reading | Skip],
    load: Callable[[], LoadedEncoder],
    known: set[bytes],
    spare_cores: Callable[[], int] = lambda: 0,
) -> Generator[Batch]:
    """Encode what was read, as soon as there is enough for one forward.

    Args:
        readings: in any number.
        load: gives the encoder; called when the first vector is needed, if one is.
        known: content hashes that have a vector; those of the readings are added.
        spare_cores: how many cores reading does not use now.

    Returns:
        Batches whose copies never come before the photo that they are copies of.
    """
    loaded: LoadedEncoder | None = None
    waiting: list[Reading] = []
    after: list[Photo | Skip] = []  # what was read after the first that waits
    for reading in readings:
        if isinstance(reading, Skip):
            after.append(reading)
        elif reading.photo.content in known:
            after.append(reading.photo)
        else:
            known.add(reading.photo.content)
            loaded = loaded or load()
            waiting.append(reading)
        full = loaded is not None and len(waiting) == loaded.batch
        if full or (not waiting and len(after) >= _MOST):
            yield _batch(loaded, waiting, after, spare_cores())
            waiting, after = [], []
    if waiting or after:
        yield _batch(loaded, waiting, after, spare_cores())


def _batch(
    loaded: LoadedEncoder | None,
    waiting: list[Reading],
    after: list[Photo | Skip],
    spare_cores: int,
) -> Batch:
    batch = Batch(
        copies=[each for each in after if isinstance(each, Photo)],
        skips=[each for each in after if isinstance(each, Skip)],
    )
    if loaded is not None and waiting:
        hashes = dct_hashes([each.grey for each in waiting])
        batch.photos.extend(
            replace(each.photo, dct_hash=bits.tobytes())
            for each, bits in zip(waiting, hashes, strict=True)
        )
        pixels = np.stack([each.array for each in waiting])
        batch.vectors.extend(loaded.encode(pixels, spare_cores=spare_cores))
        batch.thumbnails.extend(each.thumbnail for each in waiting)
    return batch
