"""All of a photo's picture, small: by the decoders of the scan."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dedupe.photos.photo import Skip
from dedupe.photos.read import photo_file, read_picture

SAMPLES = Path(__file__).resolve().parents[2] / "sample_photos"
PHOTOS = sorted(path for path in SAMPLES.rglob("*") if path.is_file() and path.suffix != ".md")


def read(path: Path, side: int = 400) -> Image.Image:
    picture = read_picture(photo_file(path), side)
    assert isinstance(picture, Image.Image)
    return picture


@pytest.mark.parametrize("path", PHOTOS, ids=lambda path: path.name)
def test_every_sample_photo_gives_an_rgb_picture_of_the_size_asked_for(path: Path) -> None:
    picture = read(path)
    assert picture.mode == "RGB"
    assert 150 < max(picture.size) <= 400


@pytest.mark.parametrize("turn", range(1, 9))
def test_a_picture_is_upright_under_every_orientation(turn: int, tmp_path: Path) -> None:
    halves = Image.new("RGB", (80, 40), "white")
    halves.paste((0, 0, 0), (0, 0, 40, 40))
    exif = Image.Exif()
    exif[0x0112] = turn
    halves.save(tmp_path / "a.png", exif=exif)
    shown = np.asarray(read(tmp_path / "a.png").convert("L"), int)
    dark = {1: "left", 2: "right", 3: "right", 4: "left", 5: "top", 6: "top", 7: "foot", 8: "foot"}
    side = {
        "left": shown[:, :20], "right": shown[:, -20:], "top": shown[:20], "foot": shown[-20:]
    }[dark[turn]]  # fmt: skip
    assert side.max() == 0
    assert shown.mean() == pytest.approx(127.5)


def test_what_is_transparent_is_white_and_small_pictures_stay_small(tmp_path: Path) -> None:
    Image.new("RGBA", (30, 20), (9, 9, 9, 0)).save(tmp_path / "a.png")
    picture = read(tmp_path / "a.png")
    assert picture.size == (30, 20)
    assert picture.getpixel((0, 0)) == (255, 255, 255)


def test_a_broken_a_changed_and_a_lost_photo_are_skips(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.new("RGB", (90, 90), "red").save(path)
    file = photo_file(path)
    path.write_bytes(path.read_bytes()[:60] + b"\0" * 40)
    skip = read_picture(photo_file(path), 100)
    assert isinstance(skip, Skip)
    assert "broken" in skip.reason
    skip = read_picture(file, 100)
    assert isinstance(skip, Skip)
    assert "changed" in skip.reason
    path.unlink()
    skip = read_picture(file, 100)
    assert isinstance(skip, Skip)
    assert skip.passing
