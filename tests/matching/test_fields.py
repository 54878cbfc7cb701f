"""Fields: where a picture shows that it is put together of others, or that one stands in it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps
from small_pictures import PHOTOS, photo, thumbnail

from dedupe.matching.within.decoded import decoded
from dedupe.matching.within.field import Field, cut, tilted_field, upright_field
from dedupe.matching.within.fields import fields
from dedupe.matching.within.insets import insets


def small(picture: Image.Image) -> np.ndarray:
    """What is seen of a thumbnail."""
    return decoded(thumbnail(picture))


def corners(field: Field) -> np.ndarray:
    """(4, 2), from the upper left on, clockwise."""
    (width, height) = field.size
    edges = np.array([[0, 0, 1], [width - 1, 0, 1], [width - 1, height - 1, 1], [0, height - 1, 1]])
    return (edges @ field.place.T)[:, :2]


def in_common(box: list[float], found: Field) -> float:
    """Share of both that is in both: a plain sky along an edge is taken for a margin."""
    left, top = found.place[:2, 2]
    other = left, top, left + found.size[0], top + found.size[1]
    both = 1.0
    for side in (0, 1):
        both *= max(0, min(box[side + 2], other[side + 2]) - max(box[side], other[side]))
    area = (box[2] - box[0]) * (box[3] - box[1])
    return both / (area + found.area - both)


@pytest.mark.parametrize("gap", [0, 8, 24])
@pytest.mark.parametrize(
    "boxes",
    [
        [(0, 0, 6, 6), (6, 0, 12, 6)],
        [(0, 0, 6, 4), (6, 0, 12, 4), (0, 4, 6, 8), (6, 4, 12, 8)],
        [(0, 0, 8, 8), (8, 0, 12, 4), (8, 4, 12, 8)],
        [(0, 0, 12, 5), (0, 5, 4, 9), (4, 5, 12, 9)],
    ],
)
def test_every_field_of_a_collage_is_found(boxes: list[tuple[int, ...]], gap: int) -> None:
    unit = 100
    paper = Image.new("RGB", (12 * unit, max(box[3] for box in boxes) * unit), "white")
    for name, (left, top, right, bottom) in zip(PHOTOS, boxes, strict=False):
        size = (right - left) * unit - gap, (bottom - top) * unit - gap
        paper.paste(photo(name, size), (left * unit + gap // 2, top * unit + gap // 2))
    found = fields(small(paper))
    scale = 320 / max(paper.size)
    for box in boxes:
        place = [each * unit * scale for each in box]
        assert max(in_common(place, each) for each in found) > 0.8


@pytest.mark.parametrize("name", PHOTOS)
def test_a_photo_has_no_fields(name: str) -> None:
    assert fields(small(photo(name))) == []


@pytest.mark.parametrize("size", [(1, 1), (320, 12), (320, 40), (320, 320)])
def test_plain_and_tiny_pictures_have_no_fields(size: tuple[int, int]) -> None:
    assert fields(np.full((*size[::-1], 3), 130, np.uint8)) == []


@pytest.mark.parametrize("degrees", [-8, -2, 3, 7])
def test_a_picture_that_lies_askew_on_a_table_is_cut_out_upright(degrees: int) -> None:
    shown = photo(PHOTOS[0], (640, 480))
    table = Image.new("RGB", (1000, 800), (120, 140, 150))
    table.paste(shown, (180, 160))
    turned = table.rotate(-degrees, Image.Resampling.BICUBIC, fillcolor=(120, 140, 150))
    pixels = small(turned)
    found = fields(pixels)[0]
    assert np.degrees(np.arctan2(found.place[1, 0], found.place[0, 0])) == pytest.approx(
        degrees, abs=1
    )
    there = cut(pixels, found)
    upright = np.asarray(shown.resize(found.size), np.float64)
    assert np.corrcoef(there.ravel(), upright.ravel())[0, 1] > 0.9


@pytest.mark.parametrize("colour", ["white", "black", "navy"])
@pytest.mark.parametrize("border", [(16, 16), (20, 0), (0, 32)])
def test_a_picture_in_a_narrow_frame_is_a_field(colour: str, border: tuple[int, int]) -> None:
    framed = ImageOps.expand(photo(PHOTOS[0]), border, colour)
    scale = 320 / max(framed.size)
    place = [border[0], border[1], framed.width - border[0], framed.height - border[1]]
    found = fields(small(framed))
    assert max(in_common([each * scale for each in place], each) for each in found) > 0.93


def test_a_sky_is_no_frame() -> None:
    under_a_sky = Image.new("RGB", (640, 560), (120, 160, 230))
    under_a_sky.paste(photo(PHOTOS[1]), (0, 80))
    assert not list(insets(small(under_a_sky)))


def test_what_is_cut_out_upright_is_there_to_the_pixel() -> None:
    pixels = small(photo(PHOTOS[0]))
    assert np.array_equal(cut(pixels, upright_field(20, 30, 100, 80)), pixels[30:110, 20:120])
    assert cut(pixels[..., 0], upright_field(20, 30, 100, 80)).shape == (80, 100)


def test_a_tilted_field_has_its_middle_where_it_was_put() -> None:
    field = tilted_field((50.0, 40.0), 10.0, (30, 20))
    assert corners(field).mean(axis=0).tolist() == pytest.approx([50, 40])


@given(st.lists(st.tuples(*[st.integers(0, 319)] * 4, st.integers(0, 255)), max_size=12))
@settings(max_examples=50)
def test_fields_are_few_lie_in_the_picture_and_are_not_all_of_it(
    boxes: list[tuple[int, int, int, int, int]],
) -> None:
    pixels = np.random.default_rng(len(boxes)).integers(0, 40, (240, 320, 3), np.uint8)
    for left, top, wide, high, level in boxes:
        pixels[top : top + high, left : left + wide] += np.uint8(level)
    found = fields(pixels)
    assert len(found) <= 16
    for each in found:
        places = corners(each)
        assert (places >= -3).all()
        assert (places <= [322, 242]).all()
        assert min(each.size) >= 20
        assert each.area < 0.95 * 320 * 240
        width, height = each.size
        assert cut(pixels, each).shape == (height, width, 3)
