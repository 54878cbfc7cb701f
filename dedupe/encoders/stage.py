"""A list of paths in, arrays out: the stage that a distributed engine calls in its workers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dedupe.encoders.encode import LoadedEncoder, load_encoder
from dedupe.encoders.registry import DEFAULT_ENCODER
from dedupe.errors import PhotoUnreadable
from dedupe.photos.dct_hash import dct_hashes
from dedupe.photos.decode import Reading, Wants
from dedupe.photos.discover import absolute
from dedupe.photos.photo import Photo, Skip
from dedupe.photos.quiet import quiet_pillow
from dedupe.photos.read import photo_file, read_photo


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """What came of a list of paths. Can be pickled.

    Attributes:
        photos: the N that could be read, in the order given, each with its hashes.
        vectors: (N, dim) float32, finite, L2 distance in seed units; of `photos`, row by row.
        thumbnails: of `photos`, a small JPEG each; None where none was asked for.
        skips: the others, in the order given, and why.
        fingerprint: of the encoder; vectors of two fingerprints must never meet.
    """

    photos: tuple[Photo, ...]
    vectors: npt.NDArray[np.float32]
    thumbnails: tuple[bytes | None, ...]
    skips: tuple[Skip, ...]
    fingerprint: str


def encode_photos(
    paths: Sequence[Path | str],
    encoder: str | LoadedEncoder = DEFAULT_ENCODER,
    *,
    weights: Path | None = None,
    device: str = "auto",
    thumbnails: bool = True,
) -> Encoded:
    """Read, decode, hash and encode photos, in this process and without an index.

    Knows neither terminal nor index and keeps nothing, so that Ray, Dask or Spark can call it
    as it is. The result for a photo is the same, bit by bit, however the paths are divided
    into calls. Nothing is written. No more pixels than one forward takes are held at a time.

    Args:
        paths: files, in any order; a path named twice is read twice.
        encoder: a key of `ENCODERS`, or a loaded encoder: loading takes half a second, so a
            worker that is called often should do it once.
        weights: a file of the user's instead of the published one; of a name alone.
        device: "auto", "cpu", "cuda" or "mps"; likewise.
        thumbnails: whether to make them.

    Returns:
        Arrays and tuples in the order of `paths`, minus what was skipped. Whatever is wrong
        with a file becomes a Skip.

    Raises:
        UnknownName, DeviceMissing, WeightsMissing, WeightsRefused, DedupeError: as of
            `load_encoder`.
    """
    loaded = encoder
    if isinstance(loaded, str):
        loaded = load_encoder(loaded, weights=weights, device=device)
    wants = Wants.of(loaded.encoder)
    photos: list[Photo] = []
    vectors = [np.empty((0, loaded.encoder.dim), np.float32)]
    small: list[bytes | None] = []
    skips: list[Skip] = []
    with quiet_pillow():
        for start in range(0, len(paths), loaded.batch):
            part = paths[start : start + loaded.batch]
            found = [_read(path, wants, thumbnails) for path in part]
            skips += [each for each in found if isinstance(each, Skip)]
            if readings := [each for each in found if isinstance(each, Reading)]:
                hashes = dct_hashes([each.grey for each in readings])
                photos += [
                    replace(each.photo, dct_hash=bits.tobytes())
                    for each, bits in zip(readings, hashes, strict=True)
                ]
                vectors.append(loaded.encode(np.stack([each.array for each in readings])))
                small += [each.thumbnail for each in readings]
    return Encoded(
        photos=tuple(photos),
        vectors=np.concatenate(vectors),
        thumbnails=tuple(small),
        skips=tuple(skips),
        fingerprint=loaded.fingerprint,
    )


def _read(path: Path | str, wants: Wants, thumbnail: bool) -> Reading | Skip:
    try:
        file = photo_file(path)
    except PhotoUnreadable as error:  # its sentence begins with the path
        place = absolute(path)
        return Skip(place, str(error).removeprefix(f"{place} "), True, passing=True)
    return read_photo(file, wants, thumbnail=thumbnail)
