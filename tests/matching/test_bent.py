"""Lines that a lens, a program or a mug bent: bent back, both are one picture."""

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from small_pictures import PHOTOS, photo, thumbnail

from dedupe.matching.pairs.bent import Bend, bend_between, bent, bent_more
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


def around_a_mug(picture: Image.Image, far: float) -> Image.Image:
    """Narrower towards both sides, and sagging in the middle."""
    width, height = picture.size
    x = np.linspace(-1, 1, width, dtype=np.float32)
    across = np.arcsin(x * np.sin(far)) / far
    y = np.arange(height, dtype=np.float32)[:, None] + 0.06 * height * x**2
    across = np.broadcast_to((across + 1) / 2 * (width - 1), (height, width))
    moved = cv2.remap(
        np.asarray(picture), across.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR
    )
    return Image.fromarray(np.asarray(moved, np.uint8))


@pytest.mark.parametrize("name", PHOTOS[:3])
def test_a_picture_is_the_same_around_a_mug(name: str) -> None:
    whole = photo(name)
    assert related(whole, around_a_mug(whole, 0.7)) is Relation.SAME_PICTURE


def test_a_strong_bend_is_found_by_the_points_that_match_once_it_is_bent_back() -> None:
    whole = photo(PHOTOS[0])
    one, other = features(whole), features(through_a_lens(whole, 0.6))
    bend = bend_between(one, other, homography(one, other))
    assert bend is not None
    picture, still = (one, other) if bend.side == 1 else (other, one)
    off = [
        np.abs(bent(picture, still, each).features.grey.astype(np.int16) - still.grey).mean()
        for each in (bend, bent_more(picture, still, bend))
    ]
    assert off[1] <= off[0]
    assert related(whole, through_a_lens(whole, 0.6)) is Relation.SAME_PICTURE


def test_what_a_bent_picture_hides_is_told() -> None:
    """Two shots from one place, of which each shows something else, are no bent picture."""
    whole = photo(PHOTOS[0])
    left, right = whole.crop((0, 0, 560, 480)), whole.crop((80, 0, 640, 480))
    bent_right = through_a_lens(right, 0.15)
    assert related(left, right) is not Relation.SAME_PICTURE
    assert related(left, bent_right) is not Relation.SAME_PICTURE


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


def test_a_picture_that_is_not_bent_lies_where_it_was() -> None:
    picture = features(photo(PHOTOS[0]))
    terms = np.zeros((10, 2))
    terms[1, 0] = terms[2, 1] = 1.0
    found = bent(picture, picture, Bend(1, terms))
    assert found.features.size == picture.size
    assert (found.shown, found.covered) == (1.0, 1.0)
    assert (found.hidden, found.bare) == (0.0, 0.0)
    off = np.abs(found.features.grey.astype(np.int16) - picture.grey)
    assert np.median(off) <= 2


def test_plain_pictures_have_no_bend() -> None:
    plain = features(Image.new("RGB", (640, 480), "grey"))
    assert bend_between(plain, plain, np.eye(3)) is None
