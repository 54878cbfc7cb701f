"""The sample photos, scanned once with the real encoder, and libraries out of bare numbers."""

import os
import shutil
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from dedupe.encoders import encode as loading
from dedupe.encoders.encode import LoadedEncoder, load_encoder
from dedupe.encoders.registry import DEFAULT_ENCODER
from dedupe.index.library import Library, open_library
from dedupe.index.scan import update_index
from dedupe.index.store import EncoderRow
from dedupe.matching.crew import Crew
from dedupe.matching.points.held import HeldFeatures
from dedupe.photos.photo import Photo, PhotoFile

SAMPLES = Path(__file__).resolve().parents[2] / "sample_photos"


@pytest.fixture(scope="session")
def encoder() -> LoadedEncoder:
    return load_encoder(DEFAULT_ENCODER, device="cpu", download=False)


@pytest.fixture(scope="session")
def sample_index(encoder: LoadedEncoder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of the sample photos: to be copied, not written to."""
    index = tmp_path_factory.mktemp("samples") / "index.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loading, "load_encoder", lambda *_, **__: encoder)
        update_index([SAMPLES], index=index)
    # what is found in their thumbnails is the same in every test, and takes 3 s
    photos = open_library(index=index).photos
    with closing(HeldFeatures(index, photos)) as features, Crew(len(photos)) as crew:
        features.hold(range(len(photos)), crew)
    return index


@pytest.fixture
def samples(sample_index: Path, tmp_path: Path) -> Library:
    """The library of the sample photos, read from a copy of its index."""
    shutil.copytree(sample_index.parent, tmp_path, dirs_exist_ok=True)  # vectors lie beside it
    return open_library(index=tmp_path / "index.db")


@pytest.fixture
def numbers() -> Callable[..., Library]:
    """A library of no files at all: a vector for every path, or for every (path, content).

    What else is `known` of the photos may be given, as fields of each.
    """

    def make(
        vectors: npt.ArrayLike,
        paths: Sequence[str | tuple[str, int]] = (),
        known: Sequence[dict[str, object]] = (),
    ) -> Library:
        rows = np.atleast_2d(np.asarray(vectors, np.float16))
        names = paths or [f"/p/{number:05}" for number in range(len(rows))]
        photos = []
        for number, name in enumerate(names):
            path, content = name if isinstance(name, tuple) else (name, 1000 + number)
            file = PhotoFile(path=Path(path), size=1, mtime_ns=1, device=1, inode=number)
            bytes_of = content.to_bytes(32, "big")
            photo = Photo(file=file, content=bytes_of, width=1, height=1, format="JPEG")
            photos.append(replace(photo, **known[number]) if known else photo)  # type: ignore[arg-type]
        order = sorted(range(len(photos)), key=lambda row: os.fsencode(photos[row].path))
        return Library(
            photos=tuple(photos[row] for row in order),
            vectors=rows[order],
            encoder=EncoderRow(1, DEFAULT_ENCODER, "none", rows.shape[1]),
            skips=(),
            index=Path("/none"),
        )

    return make
