"""How much descriptors are like each other: whole numbers, for a picture and mirrored at once."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from small_pictures import PHOTOS, photo, thumbnail

from dedupe.matching.pairs.geometry import area, corners, is_a_view, matches
from dedupe.matching.points.features import ONE, Features, Products, features_of

Codes = npt.NDArray[np.uint8]

# all that fits in a byte: more than descriptors ever have, which sum up to so much less
CODES = st.integers(0, 12).flatmap(lambda count: arrays(np.uint8, (count, 128)))
FULL = np.full((3, 128), 255, np.uint8)


def points(codes: Codes) -> Features:
    return Features(b"", (320, 240), np.zeros((len(codes), 2), np.float32), codes)


def exact(first: Features, second: Features) -> npt.NDArray[np.int64]:
    return first.codes.astype(np.int64) @ second.codes.astype(np.int64).T


@settings(deadline=None)
@given(CODES, CODES)
def test_products_are_exact_for_a_picture_and_for_it_mirrored(one: Codes, other: Codes) -> None:
    for codes in (one, FULL):
        first, second = points(codes), points(other)
        products = Products(first, second)
        assert np.array_equal(products.straight(), 2 * exact(first, second))
        assert np.array_equal(products.mirrored(), 2 * exact(first.mirrored, second))


@pytest.mark.parametrize("name", PHOTOS)
def test_a_descriptor_is_like_nothing_more_than_itself(name: str) -> None:
    features = features_of(thumbnail(photo(name)))
    alike = Products(features, features).straight()
    assert np.allclose(np.diag(alike) / ONE, 1, atol=0.02)
    assert (alike <= np.diag(alike).max()).all()
    rows, columns = matches(alike)
    assert np.array_equal(rows, columns)
    assert len(rows) > 0.8 * len(features.codes)


def test_of_a_single_descriptor_nothing_is_clearly_nearest() -> None:
    for shape in ((0, 0), (0, 5), (1, 5), (5, 1)):
        rows, columns = matches(np.ones(shape, np.float32))
        assert len(rows) == len(columns) == 0


NUMBERS = st.floats(-2, 2) | st.sampled_from([0.0, 1.0, -1.0, 1e200, np.inf, np.nan])


@given(arrays(np.float64, (3, 3), elements=NUMBERS), st.integers(1, 400), st.integers(1, 400))
def test_a_view_goes_round_its_corners_as_its_picture_does(
    homography: npt.NDArray[np.float64], width: int, height: int
) -> None:
    with np.errstate(all="ignore"):
        there = corners(homography, (width, height))
        sides = np.roll(there, -1, 0) - there
        turns = (
            sides[:, 0] * np.roll(sides, -1, 0)[:, 1] - sides[:, 1] * np.roll(sides, -1, 0)[:, 0]
        )
        covered = area(there)
        share = covered / (width * height)
        smooth = np.isfinite(there).all() and np.isfinite(turns).all() and np.isfinite(covered)
    if not smooth:
        assert not is_a_view(homography, (width, height))
    # where rounding decides, either may be
    elif (
        abs(turns / (0.02 * covered or 1) - 1).min() > 1e-9
        and min(abs(share * 400 - 1), abs(share / 400 - 1)) > 1e-9
    ):
        expected = bool((turns > 0.02 * covered).all()) and 1 / 400 < share < 400
        assert is_a_view(homography, (width, height)) == expected
