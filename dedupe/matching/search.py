"""The library ranked by distance to one or several photos."""

import os
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dedupe.encoders.encode import load_encoder
from dedupe.encoders.registry import find_encoder
from dedupe.errors import PhotoUnreadable, UsageError
from dedupe.index.indexed import linked
from dedupe.index.library import Library
from dedupe.matching.near.in_fields import other_weights
from dedupe.matching.near.nearest import nearest
from dedupe.matching.pairs.relations import Relation
from dedupe.names import safe
from dedupe.photos.photo import Photo, PhotoFile, Skip
from dedupe.photos.quiet import quiet_pillow
from dedupe.photos.read import photo_file, read_photo

Examples = Iterable[Path | str] | Path | str

# Hits where neither a number of them nor a threshold is asked for.
_HITS = 20


@dataclass(frozen=True, slots=True)
class Hit:
    """One answer of a search.

    Attributes:
        photo: of the library.
        distance: L2 to the nearest example photo, in seed units.
        nearest: the path of that example; of equally near ones the first that was given.
        relation: the strongest that is proved to that example; None where nothing relates
            them, or where it is not known.
        edit: what was done to the example to get the photo, where both are one picture:
            "cropped to 62 %"; else "".
        verified: whether `verify_hits` looked at it, so that no relation means none.
    """

    photo: Photo
    distance: float
    nearest: Path
    relation: Relation | None = None
    edit: str = ""
    verified: bool = False


def search(
    library: Library,
    examples: Examples,
    k: int | None = None,
    *,
    not_like: Examples = (),
    threshold: float | None = None,
    weights: Path | None = None,
    device: str = "auto",
) -> list[Hit]:
    """Rank the photos of a library by their distance to the nearest of some example photos.

    Examples are any photo files, in the library or not. Of one that is, and did not change
    since the scan, the vector is taken from there; it is then itself a hit. A network is
    loaded only where there are others, and encodes them together.

    Args:
        library: as `scan` or `open_library` gives it, its photos sorted by path.
        examples: one photo file or several. A photo that is like any of them is a hit.
        k: how many hits at most; if None, 20, or all where a threshold is given.
        not_like: photo files. Photos that are not nearer to one of `examples` than to each of
            these are left out; so are these themselves, and their copies.
        threshold: only photos up to this distance, in seed units; no limit if None.
        weights: the file that the library was scanned with, if it was not the published one.
        device: "auto", "cpu", "cuda" or "mps", where examples must be encoded.

    Returns:
        Nearest first; equal distances in the order of their paths. The very photos that
        measuring all of them in float64 would give, 100,000 in about 0.05 s (decision 12).
        What they are to the examples is still to be found out, by `verify_hits`.

    Raises:
        PhotoUnreadable: an example is no photo that can be read.
        UsageError: an example is also in `not_like`.
        IndexProblem: the library was scanned with other weights than are here now.
        DedupeError: the encoder cannot be loaded.
        ValueError: there is no example, or `k` is not positive.
    """
    if k is not None and k < 1:
        raise ValueError(f"k is 1 or more, got {k}")
    wanted, unwanted = _files(examples), _files(not_like)
    if not wanted:
        raise ValueError("a search needs an example")
    for both in wanted.keys() & unwanted.keys():
        raise UsageError(
            f"{safe(both)} is an example and also one that hits must not be like",
            "leave it out of one of the two",
        )
    files = [*wanted.values(), *unwanted.values()]
    vectors = vectors_of(library, files, weights, device)
    found = nearest(
        library.vectors,
        vectors[: len(wanted)],
        vectors[len(wanted) :],
        k=_HITS if k is None and threshold is None else k,
        threshold=threshold,
    )
    # photos are sorted by path, and rows of equal distance come in their order
    return [
        Hit(library.photos[row], distance, files[which].path)
        for row, distance, which in zip(
            found.rows.tolist(), found.distance.tolist(), found.which.tolist(), strict=True
        )
    ]


def _files(examples: Examples) -> dict[Path, PhotoFile]:
    """Each file once, by its path, in the order given."""
    each = [examples] if isinstance(examples, (str, Path)) else examples
    return {file.path: file for file in map(photo_file, each)}


def vectors_of(
    library: Library, files: Sequence[PhotoFile], weights: Path | None, device: str
) -> npt.NDArray[np.float32]:
    """The vectors of photo files, from the library where they are in it.

    Args:
        library: whose encoder is used.
        files: photos, in the library or not.
        weights: as for `search`.
        device: likewise.

    Returns:
        (F, D) float32.

    Raises:
        PhotoUnreadable: one is no photo that can be read.
        IndexProblem: the library was scanned with other weights than are here now.
        DedupeError: the encoder cannot be loaded.
    """
    vectors = np.empty((len(files), library.vectors.shape[1]), np.float32)
    rows = [row_of(library, file) for file in files]
    others = [number for number, row in enumerate(rows) if row is None]
    for number, row in enumerate(rows):
        if row is not None:
            vectors[number] = library.vectors[row]
    if others:
        vectors[others] = _encode(library, [files[each] for each in others], weights, device)
    return vectors


def row_of(library: Library, file: PhotoFile) -> int | None:
    """The row of a photo file in a library; None where it is not there, or has changed."""
    photos = library.photos
    exact = os.fsencode(file.path)
    row = bisect_left(photos, exact, key=lambda photo: os.fsencode(photo.path))
    if row == len(photos) or photos[row].path != file.path:
        row = next((row for row in linked(photos) if file.path in photos[row].hard_links), -1)
    if row < 0:
        return None
    known = photos[row].file
    return row if (known.size, known.mtime_ns) == (file.size, file.mtime_ns) else None


def _encode(
    library: Library, files: Sequence[PhotoFile], weights: Path | None, device: str
) -> npt.NDArray[np.float32]:
    """(F, D) float32, rounded to half precision as the library's own vectors are."""
    entry = find_encoder(library.encoder.name)
    pixels = []
    for file in files:
        with quiet_pillow():
            reading = read_photo(file, entry, thumbnail=False)
        if isinstance(reading, Skip) or reading.pixels is None:
            reason = reading.reason if isinstance(reading, Skip) else "has no pixels"
            raise PhotoUnreadable(f"{os.fspath(file.path)} {reason}")
        pixels.append(reading.array)
    loaded = load_encoder(entry.name, weights=weights, device=device)
    if loaded.fingerprint != library.encoder.fingerprint:
        raise other_weights(library)
    return loaded.encode(np.stack(pixels)).astype(np.float16).astype(np.float32)
