"""An index of photos that do not exist: their facts, and vectors that are given."""

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dedupe.encoders.registry import DEFAULT_ENCODER
from dedupe.index.store import EncoderRow, Index
from dedupe.photos.photo import Photo, PhotoFile

FOLDER = Path("/home/somebody/Photos")


def photo(number: int, folder: Path = FOLDER) -> Photo:
    """The same for the same number; a thousand to a folder, one taken every 40 minutes."""
    path = folder / f"{number // 1000:04}" / f"IMG_{number:07}.jpg"
    file = PhotoFile(path=path, size=1, mtime_ns=10**18 + number, device=66, inode=number + 1)
    content = hashlib.sha256(str(number).encode()).digest()
    return Photo(
        file=file,
        content=content,
        width=4000,
        height=3000,
        format="JPEG",
        taken=datetime(2005, 1, 1) + timedelta(minutes=40 * number),
        taken_from="digitised",
        camera="Canon EOS 450D",
        jpeg_quality=92,
        pixel_hash=content,
        reduced=8,
        dct_hash=hashlib.sha256(content).digest(),
    )


def fill(
    index: Path,
    batches: Iterable[npt.NDArray[np.floating]],
    *,
    first: int = 0,
    folder: Path = FOLDER,
    thumbnail: bytes | None = None,
) -> EncoderRow:
    """Add photos to an index, each batch of vectors in a transaction of its own.

    Args:
        index: made if it is missing.
        batches: (B, D) vectors, of photos in the order of numbers.
        first: the number of the first.
        folder: said to be scanned.
        thumbnail: of every photo.
    """
    number = first
    with Index(index, create=True, lock=True) as store:
        store.remember_roots([folder])
        for vectors in batches:
            encoder = store.encoder(DEFAULT_ENCODER, "made-up", vectors.shape[1])
            photos = [photo(each, folder) for each in range(number, number + len(vectors))]
            number += len(vectors)
            with store.batch():
                store.use_encoder(encoder)
                small = [thumbnail] * len(photos)
                store.remember_photos(encoder, photos, vectors.astype(np.float32), small)
                store.remember_files(photos)
    return encoder
