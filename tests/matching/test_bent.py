"""Lines that a lens bent, or a program straightened: bent back, both are one picture."""

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from small_pictures import PHOTOS, photo, thumbnail

from dedupe.matching.pairs.bent import Bend, bend_between, bent
from dedupe.matching.pairs.edits import named_edit
from dedupe.matching.pairs.evidence import Evidence
from dedupe.matching.pairs.geometry import align
from dedupe.matching.pairs.relations import Relation, relation_of
from dedupe.matching.pairs.verify import examine
from dedupe.matching.points.features import Features, features_of
from dedupe.photos.photo import Photo, PhotoFile


def through_a_lens(picture: Image.Image, strength: float) -> Image.Image:
    """Corners come from farther outside by so much of the way, the frame filled."""
    width, height = picture.size
    y, x = np.mgrid[:height, :width].astype(np.float32)
    middle = (width - 1) / 2, (height - 1) / 2
    x, y = x - middle[0], y - middle[1]
    radius = np.hypot(x, y) / np.hypot(*middle)
    inside = 1 + strength * radius**2
    if strength > 0:
        inside /= 1 + strength * min(picture.size) ** 2 / (width**2 + height**2)
    moved = cv2.remap(
        np.asarray(picture),
        (x * inside + middle[0]).astype(np.float32),
        (y * inside + middle[1]).astype(np.float32),
        cv2.INTER_LINEAR,
    )
    return Image.fromarray(np.asarray(moved, np.uint8))


def features(picture: Image.Image) -> Features:
    return features_of(thumbnail(picture))


def related(one: Image.Image, other: Image.Image) -> Relation | None:
    evidence = examine(features(one), features(other))
    return relation_of(of(1), of(2), evidence)


def of(content: int) -> Photo:
    file = PhotoFile(path=Path(f"/{content}"), size=1, mtime_ns=1, device=1, inode=content)
    size = {"width": 640, "height": 480, "format": "JPEG"}
    return Photo(file=file, content=content.to_bytes(32, "big"), **size)  # type: ignore[arg-type]


def homography(one: Features, other: Features) -> npt.NDArray[np.float64]:
    alignment = align(one, other)
    assert alignment is not None
    return alignment.homography


@pytest.mark.parametrize("strength", [-0.1, -0.05, 0.05, 0.1, 0.2])
@pytest.mark.parametrize("name", PHOTOS[:3])
def test_a_picture_is_the_same_however_a_lens_bends_it(name: str, strength: float) -> None:
    whole = photo(name)
    through = through_a_lens(whole, strength)
    assert related(whole, through) is Relation.SAME_PICTURE
    assert related(through, whole) is Relation.SAME_PICTURE


def test_the_bend_is_found_on_the_side_that_has_it() -> None:
    whole = photo(PHOTOS[0])
    one, other = features(whole), features(through_a_lens(whole, 0.15))
    for first, second, side in ((one, other, 2), (other, one, 1)):
        bend = bend_between(first, second, homography(first, second))
        assert bend is not None
        assert bend.side == side
        assert bend.strength == pytest.approx(0.15, abs=0.01)


def test_a_mirrored_picture_is_bent_back_as_well() -> None:
    whole = photo(PHOTOS[0])
    mirrored = through_a_lens(whole, 0.1).transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    assert related(whole, mirrored) is Relation.SAME_PICTURE


def test_what_is_straight_stays_so() -> None:
    whole = photo(PHOTOS[0])
    for other in (whole.crop((60, 40, 600, 440)), whole.rotate(4, Image.Resampling.BICUBIC)):
        one, two = features(whole), features(other)
        assert bend_between(one, two, homography(one, two)) is None
        evidence = examine(one, two)
        assert evidence is not None
        assert evidence.form != "bent"


def test_two_shots_of_one_moment_are_no_bent_picture() -> None:
    first, second = photo(PHOTOS[1]), photo(PHOTOS[3])
    assert related(first, second) in (Relation.SAME_MOMENT, Relation.SAME_SCENE)


def test_the_edit_says_so() -> None:
    whole = photo(PHOTOS[0])
    evidence = examine(features(whole), features(through_a_lens(whole, 0.2)))
    assert isinstance(evidence, Evidence)
    assert evidence.form == "bent"
    assert "bent as by a lens" in named_edit(of(1), of(2), evidence)


@pytest.mark.parametrize("strength", [-0.2, 0.3])
@pytest.mark.parametrize("size", [(640, 480), (480, 640), (640, 200)])
def test_a_bent_picture_fills_its_frame(size: tuple[int, int], strength: float) -> None:
    white = features(Image.new("RGB", size, "white"))
    shown = bent(white, strength)
    assert shown.size == white.size
    assert shown.rgb.min() > 200


def test_plain_pictures_have_no_bend() -> None:
    plain = features(Image.new("RGB", (640, 480), "grey"))
    assert bend_between(plain, plain, np.eye(3)) is None
    assert Bend(1, 0.1) != Bend(2, 0.1)
