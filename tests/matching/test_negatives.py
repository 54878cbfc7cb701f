"""A picture and its negative: found by their hashes, and proved once one of them is inverted."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFilter, ImageOps
from small_pictures import PHOTOS, photo, thumbnail
from test_hashes import hashed, noise, told, views
from test_relations import photo as shot

from dedupe.matching.near.hashes import ALIKE, are_negatives, hash_bits, hashes_of
from dedupe.matching.pairs.edits import named_edit
from dedupe.matching.pairs.evidence import Evidence, each_unpacked, packed
from dedupe.matching.pairs.relations import Relation, relation_of
from dedupe.matching.pairs.verify import examine
from dedupe.matching.points.features import features_of

FIRST = np.array([[0, 1]])


def film(picture: Image.Image) -> Image.Image:
    """A negative with the orange ground of a film."""
    return Image.blend(ImageOps.invert(picture), Image.new("RGB", picture.size, "#ff9650"), 0.18)


def looked_at(one: Image.Image, other: Image.Image, *, negative: bool = True) -> Evidence | None:
    return examine(*(features_of(thumbnail(each)) for each in (one, other)), negative=negative)


@given(st.integers(0, 10**6))
def test_a_picture_and_its_negative_have_opposite_hashes(seed: int) -> None:
    photos = hashed([noise(seed), 255 - noise(seed)])
    assert are_negatives(photos, FIRST).all()
    assert hash_bits(photos, FIRST)[0] > ALIKE
    assert told(photos) == [(0, 1, 0)]


@given(st.integers(0, 10**6), st.floats(0, 60))
def test_what_was_done_to_a_negative_beside_is_counted_in_bits(seed: int, much: float) -> None:
    changed = 255.0 - noise(seed) + np.random.default_rng(seed).normal(0, much, (64, 64))
    photos = hashed([noise(seed), changed.clip(0, 255)])
    rows = [np.frombuffer(each.dct_hash, np.uint8) for each in photos]
    bits = 256 - int(np.bitwise_count(rows[0] ^ rows[1]).sum())
    assert bool(are_negatives(photos, FIRST)[0]) is (bits <= ALIKE)
    assert told(photos) == ([(0, 1, bits)] if bits <= ALIKE else [])


def test_the_views_of_a_picture_are_no_negatives_of_it() -> None:
    photos = hashed(views(noise(5)))
    assert not are_negatives(photos, np.array([[0, other] for other in range(1, 8)])).any()
    assert are_negatives(photos, np.empty((0, 2), np.int64)).tolist() == []


def test_the_last_way_that_is_looked_for_is_the_negative() -> None:
    one, other = (hashes_of(hashed([each]), [0]) for each in (noise(1), 255 - noise(1)))
    assert len(one.ways()) == 9
    assert (one.ways()[8] == other.codes()).all()


@pytest.mark.parametrize("name", PHOTOS)
@pytest.mark.parametrize("inverted", [ImageOps.invert, film])
def test_a_negative_is_the_same_picture(name: str, inverted: object) -> None:
    original = photo(name)
    evidence = looked_at(original, inverted(original))  # type: ignore[operator]
    assert evidence is not None
    assert evidence.negative
    assert relation_of(shot(1), shot(2), evidence) is Relation.SAME_PICTURE


def test_a_blurred_and_mirrored_negative_says_so() -> None:
    original = photo(PHOTOS[0])
    changed = ImageOps.mirror(film(original)).filter(ImageFilter.GaussianBlur(2))
    evidence = looked_at(original, changed)
    assert evidence is not None
    assert evidence.mirrored
    assert named_edit(shot(1), shot(2), evidence).startswith("negative, mirrored")


def test_the_negative_of_another_shot_is_not_the_same_picture() -> None:
    one, other = (photo(PHOTOS[number]) for number in (1, 3))
    assert looked_at(one, film(other)) is None


def test_a_negative_of_another_photo_has_nothing_in_common() -> None:
    assert looked_at(photo(PHOTOS[0]), film(photo(PHOTOS[2]))) is None


def test_it_is_tried_only_where_hashes_say_so() -> None:
    original = photo(PHOTOS[0])
    found = looked_at(original, film(original), negative=False)
    assert relation_of(shot(1), shot(2), found) is None


def test_a_picture_that_is_the_same_as_it_is_is_not_inverted() -> None:
    original = photo(PHOTOS[0])
    evidence = looked_at(original, original.resize((320, 240)))
    assert evidence is not None
    assert not evidence.negative


def test_what_is_remembered_of_a_negative_is_what_was_found() -> None:
    original = photo(PHOTOS[0])
    evidence = looked_at(original, film(original))
    assert evidence is not None
    (again,) = each_unpacked([packed(evidence)])
    assert again is not None
    assert (again.homography == evidence.homography).all()
    assert replace(again, homography=evidence.homography) == evidence
