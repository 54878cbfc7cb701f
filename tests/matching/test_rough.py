"""Blurred and poor copies are looked at at half their size; what differs in small is not."""

import pytest
from PIL import Image, ImageFilter
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
