"""Parts of a picture: the fields of collages and what is in frames, and none of ordinary photos."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageOps
from small_pictures import PHOTOS, photo, thumbnail

from dedupe.matching.near.hashes import ALIKE
from dedupe.matching.near.parts import hashes_within
from dedupe.matching.within import insets
from dedupe.photos.dct_hash import SIDE, dct_hashes


def bits(one: bytes, whole: Image.Image) -> int:
    """By how many bits the most alike part differs from the hash of a whole picture."""
    grey = whole.convert("L").resize((SIDE, SIDE), Image.Resampling.BOX)
    hashed = np.unpackbits(dct_hashes([grey.tobytes()])[0])
    each = np.unpackbits(np.frombuffer(one, np.uint8).reshape(-1, 32), axis=1)
    return int((each != hashed).sum(1).min(initial=256))


@pytest.mark.parametrize("gap", [0, 6, 24])
@pytest.mark.parametrize(("columns", "rows"), [(2, 2), (2, 1), (1, 3)])
def test_every_field_of_a_collage_is_a_part(columns: int, rows: int, gap: int) -> None:
    pictures = [photo(name) for name in PHOTOS[: columns * rows]]
    paper = Image.new("RGB", (columns * 640 + (columns - 1) * gap, rows * 480 + (rows - 1) * gap))
    for number, each in enumerate(pictures):
        across, down = number % columns, number // columns
        paper.paste(each, (across * (640 + gap), down * (480 + gap)))
    found = hashes_within(thumbnail(paper))
    assert len(found) % 32 == 0
    for number, each in enumerate(pictures):
        assert bits(found, each) <= ALIKE, number


def test_what_is_between_two_bars_is_a_part() -> None:
    paper = Image.new("RGB", (640, 900), "black")
    paper.paste(photo(PHOTOS[0]), (0, 210))
    assert bits(hashes_within(thumbnail(paper)), photo(PHOTOS[0])) <= ALIKE


@pytest.mark.parametrize("ground", ["white", "black", (229, 221, 213)])
def test_a_photo_in_a_chat_is_a_part(ground: str | tuple[int, int, int]) -> None:
    screen = Image.new("RGB", (720, 1280), ground)
    pen = ImageDraw.Draw(screen)
    pen.rectangle((0, 0, 720, 90), "teal")
    for line in (140, 700, 780):
        pen.rounded_rectangle((30, line, 400, line + 60), 20, "white", "grey")
        pen.text((50, line + 20), "so that you can see it", "black")
    screen.paste(photo(PHOTOS[0]).resize((480, 360)), (210, 240))
    assert bits(hashes_within(thumbnail(screen)), photo(PHOTOS[0])) <= ALIKE


@pytest.mark.parametrize("bars", ["black", "white"])
@pytest.mark.parametrize("size", [(320, 480), (640, 200)])
def test_a_photo_between_bars_on_a_page_is_a_part(bars: str, size: tuple[int, int]) -> None:
    shown = ImageOps.fit(photo(PHOTOS[0]), size)
    page = Image.new("RGB", (720, 1280), (229, 221, 213))
    page.paste(ImageOps.pad(shown, (640, 480), color=bars), (40, 300))
    assert bits(hashes_within(thumbnail(page)), shown) <= ALIKE


def test_what_is_no_rectangle_is_no_part_of_a_plain_ground() -> None:
    paper = Image.new("RGB", (640, 640), "white")
    ImageDraw.Draw(paper).ellipse((120, 160, 520, 500), "brown")
    assert hashes_within(thumbnail(paper)) == b""


@pytest.mark.parametrize("name", PHOTOS)
def test_a_photo_has_no_parts(name: str) -> None:
    assert hashes_within(thumbnail(photo(name))) == b""


@pytest.mark.parametrize("size", [(1, 1), (320, 12), (320, 40), (320, 320)])
def test_plain_and_tiny_pictures_have_no_parts(size: tuple[int, int]) -> None:
    assert hashes_within(thumbnail(Image.new("RGB", size, "grey"))) == b""


def test_bytes_that_are_no_picture_are_refused() -> None:
    with pytest.raises(ValueError, match="no picture"):
        hashes_within(b"nothing")


@given(st.integers(1, 3600), st.integers(0, 10**6))
def test_a_median_that_is_counted_is_that_of_numpy(count: int, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (count, 3), np.uint8)
    assert insets._middle(pixels).tolist() == np.median(pixels, axis=0).tolist()
