"""Visual words: a part of a photo is found in another one by the words that both have."""

from collections import Counter

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageOps
from small_pictures import PHOTOS, photo, thumbnail

from dedupe.matching.points.features import features_of
from dedupe.matching.points.words import MARK_BITS, WORD_BITS, WORDS, _functions, words_of


def words_in(picture: Image.Image) -> npt.NDArray[np.uint64]:
    return features_of(thumbnail(picture)).words


def in_common(one: Image.Image, other: Image.Image) -> int:
    """Words of both."""
    first, second = (words_in(each) >> np.uint64(MARK_BITS) for each in (one, other))
    return len(np.intersect1d(first, second))


def on_a_table(picture: Image.Image) -> Image.Image:
    """A print of it, turned, on rough wood."""
    grain = np.random.default_rng(0).integers(60, 160, (30, 12, 3)).astype(np.uint8)
    table = Image.fromarray(grain).resize((1200, 900), Image.Resampling.BICUBIC)
    turned = picture.convert("RGBA").rotate(17, Image.Resampling.BICUBIC, expand=True)
    table.paste(turned, (250, 100), turned)
    return table


@pytest.mark.parametrize("name", PHOTOS)
def test_a_print_on_a_table_has_words_of_its_photo(name: str) -> None:
    assert in_common(photo(name), on_a_table(photo(name))) >= 5  # three are enough


@pytest.mark.parametrize("name", PHOTOS)
def test_a_crop_a_quarter_turn_and_a_filter_leave_words(name: str) -> None:
    whole = photo(name)
    assert in_common(whole, whole.crop((100, 80, 500, 400))) >= 10
    assert in_common(whole, whole.rotate(90, expand=True)) >= 30
    assert in_common(whole, ImageOps.grayscale(whole).convert("RGB")) >= 50


def test_photos_of_different_things_have_next_to_none() -> None:
    shared = [in_common(photo(PHOTOS[0]), photo(other)) for other in PHOTOS[1:3]]
    assert max(shared) <= 1


def test_marks_tell_how_a_picture_was_turned() -> None:
    whole = photo(PHOTOS[0])
    turned = whole.rotate(-90, expand=True)  # clockwise, as angles of points go
    first, second = ({int(its) >> 16: its for its in words_in(each)} for each in (whole, turned))
    turns: Counter[int] = Counter(
        (int(second[word]) - int(first[word]) >> 8) % 256 // 8 for word in first.keys() & second
    )
    # a quarter of 256 steps
    assert turns.most_common(1)[0][0] in (7, 8)


def test_words_come_in_order_each_once_and_of_the_strongest_points_alone() -> None:
    chance = np.random.default_rng(1)
    codes = chance.integers(0, 90, (400, 128)).astype(np.uint8)
    codes[1] = codes[0]
    sizes, angles = chance.uniform(2, 30, (2, 400)).astype(np.float32)
    strengths = np.linspace(2, 1, 400).astype(np.float32)
    marked = words_of(codes, sizes, angles, strengths)
    words = marked >> np.uint64(MARK_BITS)
    assert len(words) == WORDS - 1
    assert (np.diff(words.astype(np.int64)) > 0).all()
    assert words.max() < 1 << WORD_BITS
    # of two points with one word the stronger one has a say
    its = marked[words == words_of(codes[:1], sizes, angles, strengths[:1]) >> np.uint64(MARK_BITS)]
    assert its.tolist() == words_of(codes[:1], sizes[:1], angles[:1], strengths[:1]).tolist()
    order = chance.permutation(400)
    again = words_of(codes[order], sizes[order], angles[order], strengths[order])
    assert again.tolist() == marked.tolist()


def test_a_picture_without_points_has_no_words() -> None:
    assert not len(words_in(Image.new("RGB", (300, 200), "grey")))


def test_the_functions_are_balanced_and_tell_different_things() -> None:
    functions = _functions()
    assert functions.shape == (128, WORD_BITS)
    assert (functions.sum(0) == 0).all()
    assert (functions.T @ functions == 128 * np.eye(WORD_BITS)).all()
