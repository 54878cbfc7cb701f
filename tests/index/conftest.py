"""Small real photos, and an index that is filled without a network."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from quick import Quick

from dedupe.encoders import encode
from dedupe.index.library import Library, open_library
from dedupe.index.scan import ScanReport, update_index

SAMPLES = Path(__file__).resolve().parents[2] / "sample_photos"


@pytest.fixture(scope="session")
def photos() -> list[bytes]:
    """Twelve different photos of some 2 kB each."""
    made = []
    for path in sorted(SAMPLES.rglob("*.[jJ][pP][gG]")):
        with Image.open(path) as image:
            buffer = io.BytesIO()
            image.convert("RGB").resize((80, 60)).save(buffer, "JPEG")
        if buffer.getvalue() not in made:
            made.append(buffer.getvalue())
    return made[:12]


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[Quick]:
    """Every encoder that a scan loads from here on; all of them are quick."""
    loaded: list[Quick] = []

    def load(name: str, **options: object) -> Quick:
        loaded.append(Quick(name))
        return loaded[-1]

    monkeypatch.setattr(encode, "load_encoder", load)
    return loaded


@pytest.fixture
def index(tmp_path: Path) -> Path:
    return tmp_path / "data" / "index.db"


@pytest.fixture
def scan(tree: Path, index: Path, loads: list[Quick]) -> Callable[..., ScanReport]:
    """Scan the tree, or other paths, into the index of this test, in threads: it is quicker."""

    def run(*paths: Path, **options: object) -> ScanReport:
        options = {"workers": 0, **options}
        return update_index(paths or [tree], index=index, **options)  # type: ignore[arg-type]

    return run


@pytest.fixture
def library(index: Path) -> Callable[..., Library]:
    def read(*paths: Path, encoder: str | None = None) -> Library:
        return open_library(paths, index=index, encoder=encoder)

    return read
