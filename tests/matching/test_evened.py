"""Two pictures in the same light: a vignette makes no other picture, another colour does."""

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageOps
from small_pictures import PHOTOS, photo, thumbnail

from dedupe.matching.pairs.evened import evened, unclipped
from dedupe.matching.pairs.overlap import Overlap, lay
from dedupe.matching.pairs.relations import is_one_picture
from dedupe.matching.pairs.verify import examine
from dedupe.matching.points.features import features_of


def darkened(picture: Image.Image, strength: float, begins: float, over: float) -> Image.Image:
    """Ever darker from some part of the way to the corners on, over another; black where the
    strength is 1.
    """
    width, height = picture.size
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    less = np.clip((np.hypot(x, y) / np.sqrt(2) - begins) / over, 0, 1)[..., None]
    return Image.fromarray((np.asarray(picture) * (1 - strength * less)).astype(np.uint8))


def paled(picture: Image.Image, strength: float, begins: float, over: float) -> Image.Image:
    """Ever paler likewise; white where the strength is 1."""
    return ImageOps.invert(darkened(ImageOps.invert(picture), strength, begins, over))


ENDS = pytest.mark.parametrize("ends", [darkened, paled])


def on_each_other(one: Image.Image, other: Image.Image) -> Overlap:
    overlap = lay(*(features_of(thumbnail(each)) for each in (one, other)), np.eye(3))
    assert overlap is not None
    return overlap


@ENDS
@pytest.mark.parametrize(("strength", "begins", "over"), [(1.0, 0.4, 0.5), (1.0, 0.3, 0.7)])
def test_a_strong_vignette_makes_no_other_picture(
    strength: float, begins: float, over: float, ends: Callable[..., Image.Image]
) -> None:
    whole = photo(PHOTOS[2])
    other = ends(whole, strength, begins, over)
    for one, two in ((whole, other), (other, whole)):
        evidence = examine(*(features_of(thumbnail(each)) for each in (one, two)))
        assert evidence is not None
        assert is_one_picture(evidence)


@ENDS
def test_both_become_as_light_as_each_other_and_what_is_black_or_white_is_left_out(
    ends: Callable[..., Image.Image],
) -> None:
    whole = photo(PHOTOS[0])
    light = evened(on_each_other(whole, ends(whole, 1.0, 0.4, 0.6)), pale=ends is paled)
    assert light is not None
    inside = np.count_nonzero(light.mask) / light.mask.size
    assert 0.5 < inside < 0.97
    off = np.abs(light.left.astype(np.int16) - light.right)[light.mask]
    assert np.median(off) <= 6


@pytest.mark.parametrize("pale", [False, True])
def test_a_colour_does_not_become_another(pale: bool) -> None:
    red, blue = (Image.new("RGB", (320, 240), each) for each in ((200, 40, 40), (40, 40, 200)))
    light = evened(on_each_other(red, blue), pale=pale)
    assert light is not None
    middle = light.left[120, 160].astype(int), light.right[120, 160].astype(int)
    assert middle[0][0] > 2 * middle[0][2]
    assert middle[1][2] > 2 * middle[1][0]


@pytest.mark.parametrize("name", [PHOTOS[0], *PHOTOS[2:]])
def test_a_thing_of_another_colour_stays_another_in_one_light(name: str) -> None:
    whole = photo(name)
    other = whole.copy()
    part = (200, 140, 420, 330)
    red, green, blue = whole.crop(part).split()
    other.paste(Image.merge("RGB", (blue, red, green)), part)
    found = examine(*(features_of(thumbnail(each)) for each in (whole, other)))
    assert found is not None
    assert found.agreement.recoloured
    assert not is_one_picture(found)


@pytest.mark.parametrize(("colour", "pale"), [("black", False), ("white", True)])
def test_of_what_is_mostly_black_or_white_nothing_is_told(colour: str, pale: bool) -> None:
    whole = photo(PHOTOS[0])
    both = on_each_other(whole, Image.new("RGB", whole.size, colour))
    assert evened(both, pale=pale) is None


@pytest.mark.parametrize(
    ("number", "change"),
    [(1, ImageEnhance.Brightness), (3, ImageEnhance.Brightness), (2, ImageEnhance.Contrast)],
)
def test_what_became_white_or_black_makes_no_other_picture(
    number: int, change: Callable[[Image.Image], ImageEnhance.Brightness | ImageEnhance.Contrast]
) -> None:
    whole = photo(PHOTOS[number])
    other = change(whole).enhance(3)
    for one, two in ((whole, other), (other, whole)):
        evidence = examine(*(features_of(thumbnail(each)) for each in (one, two)))
        assert evidence is not None
        assert is_one_picture(evidence)


def test_another_shot_is_another_in_a_glare_as_well() -> None:
    one, other = (photo(PHOTOS[number]) for number in (1, 3))
    for factor in (2, 3):
        bright = ImageEnhance.Brightness(other).enhance(factor)
        evidence = examine(*(features_of(thumbnail(each)) for each in (one, bright)))
        assert evidence is None or not is_one_picture(evidence)


def test_what_is_white_or_black_in_one_of_two_pictures_is_left_out() -> None:
    whole = photo(PHOTOS[0])
    part = whole.copy()
    part.paste("white", (0, 0, 160, 480))
    part.paste("black", (480, 0, 640, 480))
    plain = unclipped(on_each_other(whole, part))
    assert plain is not None
    assert not plain.mask[:, :80].any()
    assert not plain.mask[:, -80:].any()
    assert plain.mask[:, 90:-90].mean() > 0.9


@pytest.mark.parametrize("colour", ["white", "black", "#808080"])
def test_nothing_is_told_where_nearly_all_is_clipped_or_nothing(colour: str) -> None:
    whole = Image.new("RGB", (640, 480), "#707070")
    assert unclipped(on_each_other(whole, Image.new("RGB", whole.size, colour))) is None
