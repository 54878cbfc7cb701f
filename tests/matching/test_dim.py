"""Photos of hardly any contrast have points all the same."""

from itertools import combinations

import pytest
from PIL import Image
from small_pictures import PHOTOS, photo, thumbnail

from dedupe.matching.pairs.evidence import Evidence
from dedupe.matching.pairs.relations import is_one_picture
from dedupe.matching.pairs.verify import examine
from dedupe.matching.points.features import features_of


def dim(name: str) -> Image.Image:
    """As a camera sees it at night: a fifth of the contrast."""
    return photo(name).point(lambda value: int(20 + value / 5))


def compared(one: Image.Image, other: Image.Image) -> Evidence | None:
    return examine(*(features_of(thumbnail(each)) for each in (one, other)))


@pytest.mark.parametrize("name", PHOTOS)
def test_a_dim_photo_is_found_again_where_it_was_tilted_and_cut(name: str) -> None:
    whole = dim(name)
    evidence = compared(whole, whole.rotate(7, Image.Resampling.BICUBIC).crop((100, 80, 540, 400)))
    assert evidence is not None
    assert is_one_picture(evidence)


@pytest.mark.parametrize(("one", "other"), [*combinations(PHOTOS, 2)])
def test_two_dim_photos_are_not_one_picture(one: str, other: str) -> None:
    evidence = compared(dim(one), dim(other))
    assert evidence is None or not is_one_picture(evidence)
