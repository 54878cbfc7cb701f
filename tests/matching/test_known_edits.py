"""What is done to photos: every edit is the same each time, plain to see, and a real file."""

from io import BytesIO
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from dedupe.matching.calibration.edits_shape import warped
from dedupe.matching.calibration.known_edits import KNOWN_EDITS, KnownEdit

SAMPLES = Path(__file__).resolve().parents[2] / "sample_photos"
# by their bytes another picture than the photo as it is: they change the file, not the look
_QUIET = {"png", "webp", "heif", "jpeg_85", "jpeg_60", "messenger"}


def opened(name: str) -> Image.Image:
    with Image.open(SAMPLES / name) as image:
        image.thumbnail((480, 480))
        return image.convert("RGB")


PHOTO = opened("camera/2018/DSC_0098.JPG")
OTHERS = (
    opened("downloads/portrait.jpg"),
    opened("phone/2019-11/IMG_20191117_104433.jpg"),
    opened("downloads/wallpaper.jpg"),
)


def made(edit: KnownEdit, photo: Image.Image = PHOTO, seed: str = "1") -> Image.Image:
    if not edit.can_be_made:
        pytest.skip(f"Pillow cannot write {edit.needs} here")
    with Image.open(BytesIO(edit.saved(photo, Random(seed), OTHERS))) as image:
        image.load()
        return image


def grey(image: Image.Image) -> "np.ndarray[tuple[int, int], np.dtype[np.float64]]":
    return np.asarray(image.convert("L").resize((64, 64)), float)


@pytest.mark.parametrize("name", KNOWN_EDITS)
def test_an_edit_gives_the_same_file_each_time_and_changes_no_picture(name: str) -> None:
    edit = KNOWN_EDITS[name]
    before = [each.tobytes() for each in (PHOTO, *OTHERS)]
    made(edit)
    first = edit.saved(PHOTO, Random("1"), OTHERS)
    assert edit.saved(PHOTO, Random("1"), OTHERS) == first
    assert [each.tobytes() for each in (PHOTO, *OTHERS)] == before


@pytest.mark.parametrize("name", KNOWN_EDITS)
def test_an_edit_is_not_the_photo_and_is_still_of_a_sane_size(name: str) -> None:
    image = made(KNOWN_EDITS[name])
    assert min(image.size) >= 80
    assert max(image.size) <= 2400
    if name != "png":
        same = image.size == PHOTO.size and image.convert("RGB").tobytes() == PHOTO.tobytes()
        assert not same


@pytest.mark.parametrize("name", sorted(set(KNOWN_EDITS) - _QUIET))
def test_an_edit_can_be_seen_but_leaves_something_of_the_photo(name: str) -> None:
    image = made(KNOWN_EDITS[name])
    reshaped = abs(image.width / image.height - PHOTO.width / PHOTO.height) > 0.01
    resized = image.size != PHOTO.size
    moved = float(np.abs(grey(image) - grey(PHOTO)).mean()) > 0.2
    coloured = float(np.abs(np.asarray(image.convert("RGB").resize((8, 8)), float)
                            - np.asarray(PHOTO.resize((8, 8)), float)).mean()) > 2  # fmt: skip
    assert reshaped or resized or moved or coloured
    assert grey(image).std() > 8, "it is not one flat colour"


@pytest.mark.parametrize("name", sorted(_QUIET))
def test_saving_in_another_form_keeps_the_look(name: str) -> None:
    image = made(KNOWN_EDITS[name])
    assert np.abs(grey(image) - grey(PHOTO)).mean() < 3


@pytest.mark.parametrize("name", [name for name in KNOWN_EDITS if KNOWN_EDITS[name].others])
def test_a_collage_without_enough_other_photos_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"needs \d other photos, got 0"):
        KNOWN_EDITS[name].saved(PHOTO, Random("1"))


@pytest.mark.parametrize("name", KNOWN_EDITS)
@pytest.mark.parametrize("size", [(16, 16), (40, 300), (300, 40)])
def test_an_edit_of_a_small_or_long_picture_is_a_picture(name: str, size: tuple[int, int]) -> None:
    image = made(KNOWN_EDITS[name], PHOTO.resize(size))
    assert min(image.size) >= 4


@pytest.mark.parametrize("name", KNOWN_EDITS)
def test_every_edit_is_named_in_plain_words(name: str) -> None:
    edit = KNOWN_EDITS[name]
    assert name == name.lower()
    assert edit.kind
    assert not edit.words.endswith(".")


def test_no_two_edits_do_the_same() -> None:
    files = [each.saved(PHOTO, Random("1"), OTHERS) for each in KNOWN_EDITS.values()
             if each.can_be_made]  # fmt: skip
    assert len(set(files)) == len(files)


@pytest.mark.parametrize("name", ["crop_10", "crop_25", "crop_40", "crop_60", "crop_corner"])
@given(seed=st.integers(0, 2**32))
@settings(max_examples=10, deadline=None)
def test_a_crop_cuts_the_share_of_the_area_that_it_says(name: str, seed: int) -> None:
    words = KNOWN_EDITS[name].words
    image = KNOWN_EDITS[name].make(PHOTO, Random(seed), ())
    assert isinstance(image, Image.Image)
    left = image.width * image.height / (PHOTO.width * PHOTO.height)
    assert left == pytest.approx(1 - int(words.split()[0]) / 100, abs=0.01)


@given(seed=st.integers(0, 2**32))
@settings(max_examples=10, deadline=None)
def test_a_straightened_picture_has_no_corners_of_another_colour(seed: int) -> None:
    black = Image.new("RGB", (300, 200), "black")
    for name in ("tilt_3", "tilt_8"):
        image = KNOWN_EDITS[name].make(black, Random(seed), ())
        assert isinstance(image, Image.Image)
        assert image.getextrema() == ((0, 0),) * 3


def test_a_warp_moves_the_corners_to_where_it_says() -> None:
    white = Image.new("RGB", (200, 100), "white")
    image = warped(white, [(0.1, 0.1), (0, 0), (0, 0), (0.2, 0)], (0, 0, 0))
    assert image.getpixel((10, 5)) == (0, 0, 0)
    assert image.getpixel((30, 20)) == (255, 255, 255)
    assert image.getpixel((198, 1)) == (255, 255, 255)
    assert image.getpixel((30, 98)) == (0, 0, 0)
