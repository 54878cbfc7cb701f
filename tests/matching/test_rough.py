"""Blurred and poor copies are looked at at half their size, or a quarter of it."""

from collections.abc import Callable
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter
from small_pictures import PHOTOS, photo, thumbnail

from dedupe.matching.pairs.relations import is_one_picture
from dedupe.matching.pairs.verify import examine
from dedupe.matching.points.features import features_of


def is_same(one: Image.Image, other: Image.Image) -> bool:
    evidence = examine(*(features_of(thumbnail(each)) for each in (one, other)), alike=True)
    return evidence is not None and is_one_picture(evidence)


@pytest.mark.parametrize("name", PHOTOS[:3])
def test_a_blurred_copy_is_the_same_picture(name: str) -> None:
    whole = photo(name)
    assert is_same(whole, whole.filter(ImageFilter.GaussianBlur(7)))


def with_grains(picture: Image.Image) -> Image.Image:
    """A tenth of its pixels black or white."""
    pixels, chance = np.array(picture), np.random.default_rng(1).random(picture.size[::-1])
    pixels[chance < 0.05], pixels[chance > 0.95] = 0, 255
    return Image.fromarray(pixels)


def noisy(picture: Image.Image) -> Image.Image:
    noise = np.random.default_rng(1).normal(0, 80, (picture.height, picture.width, 3))
    return Image.fromarray((np.asarray(picture) + noise).clip(0, 255).astype(np.uint8))


def blotchy(picture: Image.Image) -> Image.Image:
    data = BytesIO()
    picture.save(data, "JPEG", quality=2)
    return Image.open(data).convert("RGB")


POOR = pytest.mark.parametrize("poor", [with_grains, noisy, blotchy])


@POOR
@pytest.mark.parametrize("name", PHOTOS)
def test_a_very_poor_copy_is_the_same_picture(
    name: str, poor: Callable[[Image.Image], Image.Image]
) -> None:
    whole = photo(name)
    assert is_same(whole, poor(whole))
    assert is_same(poor(whole), whole)


@POOR
def test_two_shots_are_not_one_because_they_are_poor(
    poor: Callable[[Image.Image], Image.Image],
) -> None:
    first, second = photo(PHOTOS[1]), photo(PHOTOS[3])
    assert not is_same(first, poor(second))
    assert not is_same(poor(first), poor(second))


@POOR
def test_two_pages_are_not_one_because_they_are_poor(
    poor: Callable[[Image.Image], Image.Image],
) -> None:
    pages = []
    for words in ("alpha river budget forest", "market plan summer team"):
        page = Image.new("RGB", (640, 480), "#f0f4fa")
        draw = ImageDraw.Draw(page)
        draw.rectangle((0, 0, 640, 80), fill="#204080")
        draw.text((30, 20), "QUARTERLY REPORT", "white", font_size=36)
        for line, word in enumerate(words.split()):
            draw.text(
                (60, 110 + 80 * line), f"{word} {line * 7 + len(word)}", "black", font_size=44
            )
        pages.append(page)
    assert not is_same(pages[0], poor(pages[1]))


def test_a_thing_of_another_colour_is_not_overlooked() -> None:
    whole = photo(PHOTOS[0])
    other = whole.copy()
    part = (200, 140, 420, 330)
    red, green, blue = whole.crop(part).split()
    other.paste(Image.merge("RGB", (blue, red, green)), part)
    assert not is_same(whole, other)
    assert not is_same(whole, other.filter(ImageFilter.GaussianBlur(7)))


def test_two_shots_are_not_one_because_they_are_blurred() -> None:
    first, second = photo(PHOTOS[1]), photo(PHOTOS[3])
    assert not is_same(first, second)
    assert not is_same(*(each.filter(ImageFilter.GaussianBlur(4)) for each in (first, second)))
