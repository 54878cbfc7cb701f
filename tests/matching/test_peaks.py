"""Parts of a library: each photo goes with the nearest that is denser than itself."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedupe.matching.sets.peaks import around_peaks

Listed = tuple[
    npt.NDArray[np.float64], npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64]
]


def listed(points: npt.NDArray[np.float64], most: int, reach: float) -> Listed:
    """How dense it is at each of some points on a line, and the nearest of each."""
    apart = np.abs(points[:, None] - points[None]).astype(np.float64)
    np.fill_diagonal(apart, np.inf)
    other = np.argsort(apart, axis=1, kind="stable")[:, :most]
    away = np.take_along_axis(apart, other, 1)
    own, place = np.nonzero(away <= reach)
    density = np.maximum(reach - away, 0).sum(1)
    return density, own, other[own, place], away[own, place]


def parts(points: list[float], *, most: int = 100, reach: float = 5.0) -> list[list[int]]:
    found = around_peaks(*listed(np.array(points, np.float64), 4, reach), longest=reach, most=most)
    return [part.tolist() for part in found]


def test_what_has_a_peak_of_its_own_is_a_part() -> None:
    assert parts([0, 1, 2, 100, 3, 101, 50]) == [[0, 1, 2, 4], [3, 5]]


def test_a_dip_between_two_crowds_parts_them() -> None:
    crowds = [0, 0.5, 1, 1.5, 2, 6.5, 11, 11.5, 12, 12.5, 13]
    found = parts(crowds)
    assert len(found) == 2
    assert {0, 1, 2, 3, 4} <= set(found[0])
    assert {6, 7, 8, 9, 10} <= set(found[1])


def test_nobody_goes_with_who_is_too_far() -> None:
    near = listed(np.array([0.0, 4.0, 8.0]), 2, 5.0)
    assert around_peaks(*near, longest=3.9, most=9) == []
    (part,) = around_peaks(*near, longest=4.0, most=9)
    assert part.tolist() == [0, 1, 2]


@pytest.mark.parametrize("count", [0, 1])
def test_nobody_has_no_part(count: int) -> None:
    assert parts([0.0] * count) == []


def test_who_is_listed_nowhere_is_in_no_part() -> None:
    nobody = np.empty(0, np.int64)
    assert around_peaks(np.zeros(3), nobody, nobody, np.empty(0), longest=5, most=9) == []


@given(st.lists(st.integers(0, 60), max_size=40), st.integers(1, 12))
def test_no_part_is_too_large_and_nobody_is_in_two(points: list[int], most: int) -> None:
    found = parts([float(each) for each in points], most=most)
    rows = [row for part in found for row in part]
    assert len(rows) == len(set(rows))
    assert all(2 <= len(part) <= most for part in found)
    assert [part[0] for part in found] == sorted(part[0] for part in found)


@given(st.lists(st.floats(0, 60), max_size=30, unique=True), st.integers(0, 60))
def test_a_photo_far_away_changes_no_part(points: list[float], more: int) -> None:
    assert parts([*points, 200.0 + more]) == parts(points)
