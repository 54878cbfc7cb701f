"""What lies over a picture: a banner on a photo or on a tilted one, a frame; another photo."""

import pytest
from PIL import Image, ImageDraw, ImageFont, ImageOps
from small_pictures import PHOTOS, photo, thumbnail

from dedupe.matching.pairs.evidence import Evidence
from dedupe.matching.pairs.relations import is_one_picture
from dedupe.matching.pairs.verify import examine
from dedupe.matching.points.features import features_of


def seen(one: Image.Image, other: Image.Image) -> Evidence | None:
    return examine(*(features_of(thumbnail(each)) for each in (one, other)))


def is_same(one: Image.Image, other: Image.Image) -> bool:
    evidence = seen(one, other)
    return evidence is not None and is_one_picture(evidence)


def banner(picture: Image.Image) -> Image.Image:
    """Two bands of a colour each, with letters, over a quarter."""
    shown = picture.copy()
    draw, (width, height) = ImageDraw.Draw(shown), shown.size
    draw.rectangle((20, 0.62 * height, width - 20, 0.76 * height), fill=(180, 20, 30))
    draw.rectangle((20, 0.76 * height, width - 20, 0.88 * height), fill="white")
    font = ImageFont.load_default(size=0.09 * height)
    draw.text((36, 0.63 * height), "BREAKING NEWS", "white", font)
    draw.text((36, 0.765 * height), "look at this", "black", font)
    return shown


def tilted(picture: Image.Image, degrees: float) -> Image.Image:
    """Turned, and what is left of it in the middle."""
    turned = picture.rotate(degrees, Image.Resampling.BICUBIC)
    return turned.crop((60, 50, picture.width - 60, picture.height - 50))


@pytest.mark.parametrize("name", PHOTOS[:3])
def test_a_banner_over_a_photo_does_not_make_it_another(name: str) -> None:
    whole = photo(name)
    assert is_same(whole, banner(whole))
    assert is_same(banner(whole), whole)


@pytest.mark.parametrize(("number", "corner"), [(0, (0, 0)), (1, (0, 240)), (2, (0, 240))])
def test_a_quarter_that_was_covered_does_not_either(number: int, corner: tuple[int, int]) -> None:
    whole = photo(PHOTOS[number])
    covered = whole.copy()
    covered.paste("white", (*corner, corner[0] + 320, corner[1] + 240))
    assert is_same(whole, covered)
    assert is_same(covered, whole)


def test_another_photo_in_its_place_does() -> None:
    whole = photo(PHOTOS[0])
    other = whole.copy()
    other.paste(photo(PHOTOS[1], (600, 130)), (20, 298))
    assert not is_same(whole, other)


@pytest.mark.parametrize("name", PHOTOS[:3])
@pytest.mark.parametrize("degrees", [-7, 4])
def test_a_banner_over_a_tilted_photo_does_not_either(name: str, degrees: float) -> None:
    whole = photo(name)
    found = seen(whole, banner(tilted(whole, degrees)))
    assert found is not None
    assert found.form == "tilted"  # of a field, too
    assert is_one_picture(found)


@pytest.mark.parametrize("colour", ["white", "black", "navy"])
@pytest.mark.parametrize("name", PHOTOS[:3])
def test_a_small_part_of_a_photo_in_a_frame_is_found(name: str, colour: str) -> None:
    whole = photo(name)
    part = whole.crop((130, 80, 470, 350))
    assert is_same(whole, ImageOps.expand(ImageOps.autocontrast(part, 2), 20, colour))
