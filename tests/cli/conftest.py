"""Scanned photos to run commands on."""

import functools
import shutil
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest
from PIL import Image, ImageOps

from dedupe.encoders.encode import load_encoder
from dedupe.index.forget import forget
from dedupe.index.scan import update_index

SAMPLES = Path(__file__).resolve().parents[2] / "sample_photos"

# what a user's shell may hold and a test must not see
_FOREIGN = (
    "NO_COLOR",
    "FORCE_COLOR",
    "TTY_COMPATIBLE",
    "TTY_INTERACTIVE",
    "DEDUPE_TRACEBACK",
    "DEDUPE_CONFIG",
)

# two tight sets (in the first, two are byte for byte the same), a loose one, and two others
CHOSEN = (
    "phone/2019-11/IMG_20191117_104433.jpg",
    "backup/old laptop/IMG_0007.jpg",
    "export/for printing/IMG_20191117_104433.png",
    "camera/2018/DSC_0098.JPG",
    "export/album/DSC_0098.JPG",
    "downloads/portrait.jpg",
    "downloads/portrait (1).jpg",
    "screenshots/Screenshot_20200302-211409.png",
    "downloads/wallpaper.jpg",
)


def copy_index(source: Path, target: Path) -> None:
    """Copy an index: the file that is named, and the vectors beside it."""
    for file in source.parent.glob(f"{source.name}*"):
        shutil.copy(file, target.with_name(target.name + file.name.removeprefix(source.name)))


@pytest.fixture(scope="session", autouse=True)
def _load_encoders_once() -> Iterator[None]:
    """Two hundred scans of one session need not load the weights two hundred times."""
    with mock.patch("dedupe.encoders.encode.load_encoder", functools.cache(load_encoder)):
        yield


@pytest.fixture(autouse=True)
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the index of the test is, if it makes one; outside its folder."""
    return tmp_path_factory.mktemp("state") / "index.db"


@pytest.fixture(autouse=True)
def _own_shell(tmp_path: Path, index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test has a home, a working folder and an index of its own."""
    for name in _FOREIGN:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DEDUPE_INDEX", str(index))
    monkeypatch.setenv("XDG_DATA_HOME", str(index.parent / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(index.parent / "settings"))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def sample_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The index of the sample photos, where they lie; for reading."""
    index = tmp_path_factory.mktemp("samples") / "index.db"
    update_index([SAMPLES], index=index, device="cpu")
    return index


@pytest.fixture
def samples(sample_index: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The sample photos, scanned; not to be changed."""
    monkeypatch.setenv("DEDUPE_INDEX", str(sample_index))
    return SAMPLES


@pytest.fixture
def unscanned(tmp_path: Path, sample_index: Path, index: Path) -> Path:
    """A small folder of photos of the test's own, whose contents are known."""
    for name in CHOSEN:
        target = tmp_path / "photos" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(SAMPLES / name, target)
    copy_index(sample_index, index)  # knows the contents, so nothing is encoded
    return tmp_path / "photos"


@pytest.fixture
def photos(unscanned: Path) -> Path:
    """A small folder of photos of the test's own, scanned, and nothing else in the index."""
    update_index([unscanned], device="cpu")
    forget([SAMPLES])
    return unscanned


@pytest.fixture
def collage() -> Path:
    """Two photos, and a collage that shows each cut off its middle."""
    folder = Path("photos")
    folder.mkdir()
    paper = Image.new("RGB", (1200, 600), "white")
    for number, name in enumerate((CHOSEN[3], CHOSEN[0])):
        with Image.open(SAMPLES / name) as image:
            shown = ImageOps.exif_transpose(image).convert("RGB")
        shown.save(folder / f"{number}.jpg")
        paper.paste(ImageOps.fit(shown, (590, 600), centering=(0.1, 0.1)), (610 * number, 0))
    paper.save(folder / "collage.jpg", quality=92)
    return folder
