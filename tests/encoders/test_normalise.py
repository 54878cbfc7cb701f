"""What every normalisation must do."""

import numpy as np
import pytest

from dedupe.encoders.normalise import NORMALISE, hellinger, l2

FEATURES = np.random.default_rng(0).random((5, 8))


@pytest.mark.parametrize("name", NORMALISE)
def test_every_normalisation_treats_rows_alone_and_survives_zeros(name: str) -> None:
    normalise = NORMALISE[name]
    whole = normalise(FEATURES)
    assert whole.shape == FEATURES.shape
    assert np.array_equal(np.concatenate([normalise(row[None]) for row in FEATURES]), whole)
    assert not normalise(np.zeros((1, 8))).any()
    assert normalise(np.zeros((0, 8))).shape == (0, 8)
    assert normalise.__doc__


@pytest.mark.parametrize("normalise", [l2, hellinger])
def test_lengths_become_one_and_brightness_no_longer_counts(normalise: object) -> None:
    assert callable(normalise)
    rows = normalise(FEATURES)
    assert np.linalg.norm(rows, axis=1) == pytest.approx(np.ones(5))
    assert normalise(FEATURES * 7) == pytest.approx(rows)


def test_hellinger_is_the_distance_between_distributions() -> None:
    p, q = FEATURES[:2] / FEATURES[:2].sum(axis=1, keepdims=True)
    expected = np.sqrt(2 - 2 * np.sqrt(p * q).sum())
    a, b = hellinger(np.stack([p, q]))
    assert np.linalg.norm(a - b) == pytest.approx(expected)
