"""The library ranked by distance to one photo."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dedupe.encoders.encode import load_encoder
from dedupe.encoders.registry import find_encoder
from dedupe.errors import IndexProblem, PhotoUnreadable
from dedupe.index.library import Library
from dedupe.matching.distances import distances_to
from dedupe.photos.decode import quiet_pillow
from dedupe.photos.photo import Photo, PhotoFile, Skip
from dedupe.photos.read import photo_file, read_photo


@dataclass(frozen=True, slots=True)
class Hit:
    """One answer of a search.

    Attributes:
        photo: of the library.
        distance: L2 to the example photo, in seed units.
    """

    photo: Photo
    distance: float


def search(
    library: Library,
    example: Path | str,
    k: int = 20,
    *,
    threshold: float | None = None,
    weights: Path | None = None,
    device: str = "auto",
) -> list[Hit]:
    """Rank the photos of a library by their distance to an example photo.

    The example is any photo file, in the library or not. If it is, and did not change
    since the scan, its vector is taken from there and no network is loaded; it is then
    itself the first hit.

    Args:
        library: as `scan` or `open_library` gives it.
        example: a photo file.
        k: how many hits at most.
        threshold: only photos up to this distance, in seed units; no limit if None.
        weights: the file that the library was scanned with, if it was not the published one.
        device: "auto", "cpu", "cuda" or "mps", where the example must be encoded.

    Returns:
        Nearest first; equal distances in the order of their paths.

    Raises:
        PhotoUnreadable: `example` is no photo that can be read.
        IndexProblem: the library was scanned with other weights than are here now.
        DedupeError: the encoder cannot be loaded.
        ValueError: `k` is not positive.
    """
    if k < 1:
        raise ValueError(f"k is 1 or more, got {k}")
    file = photo_file(example)
    row = _row_of(library, file)
    if row is not None:
        query = library.vectors[row].astype(np.float32)
    else:
        query = _encode(library, file, weights, device)
    away = distances_to(library.vectors, query)
    # photos are sorted by path, and a stable sort keeps that order among equals
    nearest = np.argsort(away, kind="stable")[:k].tolist()
    hits = [Hit(library.photos[each], float(away[each])) for each in nearest]
    return [hit for hit in hits if threshold is None or hit.distance <= threshold]


def _row_of(library: Library, file: PhotoFile) -> int | None:
    for row, photo in enumerate(library.photos):
        if file.path == photo.path or file.path in photo.hard_links:
            same = (photo.file.size, photo.file.mtime_ns) == (file.size, file.mtime_ns)
            return row if same else None
    return None


def _encode(
    library: Library, file: PhotoFile, weights: Path | None, device: str
) -> npt.NDArray[np.float32]:
    """(D,) float32, rounded to half precision as the library's own vectors are."""
    entry = find_encoder(library.encoder.name)
    with quiet_pillow():
        reading = read_photo(file, entry, thumbnail=False)
    if isinstance(reading, Skip) or reading.pixels is None:
        reason = reading.reason if isinstance(reading, Skip) else "has no pixels"
        raise PhotoUnreadable(f"{os.fspath(file.path)} {reason}")
    loaded = load_encoder(entry.name, weights=weights, device=device)
    if loaded.fingerprint != library.encoder.fingerprint:
        raise IndexProblem(
            f"{library.index} was made with other weights or another version of {entry.name}",
            "give the same --weights FILE as for the scan, or scan again",
        )
    vector: npt.NDArray[np.float32] = loaded.encode(reading.array[None])[0]
    return vector.astype(np.float16).astype(np.float32)
