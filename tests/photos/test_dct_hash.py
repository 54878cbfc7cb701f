"""The DCT hash: what leaves it alone, and what mirroring and turning do to it."""

import json
from itertools import combinations
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageEnhance

from dedupe.photos.dct_hash import SIDE, dct_hashes
from dedupe.photos.pixels import GREY, grey, small_picture

ROOT = Path(__file__).parents[2]
TRUTH = json.loads((ROOT / "tests/data/sample_photos.json").read_text())
ORIGINALS = [one["path"] for one in TRUTH if one["edit"] == "original"]
PHOTOS = [ROOT / "sample_photos" / path for path in ORIGINALS if not path.endswith(".heic")]


def bits(image: Image.Image) -> npt.NDArray[np.uint8]:
    """(16, 16) of 0 and 1."""
    packed = dct_hashes([grey(small_picture(image.convert("RGB"), None))])
    return np.unpackbits(packed[0]).reshape(16, 16)


def apart(one: npt.NDArray[np.uint8], other: npt.NDArray[np.uint8]) -> int:
    return int((one != other).sum())


@pytest.fixture(params=PHOTOS[:6], ids=lambda path: path.name)
def photo(request: pytest.FixtureRequest) -> Image.Image:
    with Image.open(request.param) as image:
        return image.convert("RGB")


def test_the_grey_picture_is_what_the_hash_takes() -> None:
    assert GREY == SIDE


def test_many_at_once_are_what_they_are_one_by_one() -> None:
    greys = [grey(small_picture(Image.open(path).convert("RGB"), None)) for path in PHOTOS]
    alone = np.concatenate([dct_hashes([each]) for each in greys])
    together = dct_hashes(greys)
    assert together.shape == (len(PHOTOS), 32)
    assert together.dtype == np.uint8
    assert np.array_equal(together, alone)


def test_no_photo_has_no_hash() -> None:
    assert dct_hashes([]).shape == (0, 32)


def test_a_flat_picture_has_nothing_to_hash() -> None:
    for colour in ("black", "white", (90, 140, 30)):
        assert not bits(Image.new("RGB", (400, 300), colour)).any()


def test_smaller_and_toned_copies_are_close(photo: Image.Image) -> None:
    half = photo.resize((photo.width // 2, photo.height // 2))
    assert apart(bits(photo), bits(half)) <= 12
    assert apart(bits(photo), bits(ImageEnhance.Brightness(photo).enhance(1.2))) <= 40


def test_other_photos_are_far() -> None:
    hashes = [bits(Image.open(path)) for path in PHOTOS]
    assert len(hashes) > 5
    assert all(apart(one, other) > 64 for one, other in combinations(hashes, 2))


def test_mirroring_and_turning_only_change_signs_and_swap_rows(photo: Image.Image) -> None:
    square = photo.resize((320, 320))  # turned by itself, not squeezed again
    odd = (np.arange(16) % 2 == 0).astype(np.uint8)  # frequencies 1, 3, 5, ...
    plain = bits(square)
    mirrored = bits(square.transpose(Image.Transpose.FLIP_LEFT_RIGHT))
    assert apart(mirrored, plain ^ odd[None, :]) <= 2
    upside_down = bits(square.transpose(Image.Transpose.FLIP_TOP_BOTTOM))
    assert apart(upside_down, plain ^ odd[:, None]) <= 2
    assert apart(bits(square.transpose(Image.Transpose.TRANSPOSE)), plain.T) <= 2
