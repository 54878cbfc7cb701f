"""Libraries of made-up photos: the same number is the same photo, in every library."""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dedupe.encoders.registry import DEFAULT_ENCODER
from dedupe.index.library import Library
from dedupe.index.store import EncoderRow
from dedupe.photos.photo import Photo, PhotoFile

DIM = 24


def vector(number: int) -> npt.NDArray[np.float16]:
    """Photos of a few kinds, 0 to 40 apart; every seventh has the vector of its neighbour."""
    chance = np.random.default_rng(1000 + number - (number % 7 == 6))
    kind = np.random.default_rng(10_000 + number % 5).normal(size=DIM) * 3
    return (kind + chance.normal(size=DIM) * chance.uniform(0, 4)).astype(np.float16)


def library(index: Path, numbers: Iterable[int], folder: str = "/p") -> Library:
    """Photos by number; a number that comes twice is a copy."""
    photos = []
    for place, number in enumerate(numbers):
        path = Path(f"{folder}/{number:05}-{place:05}.jpg")
        file = PhotoFile(path=path, size=1, mtime_ns=1, device=1, inode=place + 1)
        content = hashlib.sha256(str(number).encode()).digest()
        photos.append((number, Photo(file=file, content=content, width=1, height=1, format="JPEG")))
    photos.sort(key=lambda each: os.fsencode(each[1].path))
    index.touch()
    return Library(
        photos=tuple(photo for _, photo in photos),
        vectors=np.array([vector(number) for number, _ in photos], np.float16).reshape(-1, DIM),
        encoder=EncoderRow(1, DEFAULT_ENCODER, "quick-1", DIM),
        skips=(),
        index=index,
    )
