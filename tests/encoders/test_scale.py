"""The calibration photos, and what their numbers in the code rest on."""

import numpy as np
import pytest

from dedupe.encoders.encode import load_encoder
from dedupe.encoders.registry import ENCODERS
from dedupe.encoders.scale import (
    SEED_MEDIAN,
    calibration_name,
    calibration_pixels,
    measured_scale,
    pair_distances,
)
from dedupe.errors import WeightsRefused

LITE0 = ENCODERS["efficientnet_lite0"]


def test_there_are_enough_calibration_photos_and_they_differ() -> None:
    pixels = calibration_pixels(LITE0)
    assert pixels.shape[1:] == (224, 224, 3)
    assert len(pixels) >= 20
    assert len({photo.tobytes() for photo in pixels}) == len(pixels)
    assert len(calibration_name()) == 64


def test_calibration_would_find_the_scale_of_the_default_encoder_within_3_percent() -> None:
    """If this fails, the calibration photos have changed: measure SEED_MEDIAN anew."""
    lite0 = load_encoder("efficientnet_lite0", device="cpu")
    scale = measured_scale(LITE0, lambda pixels: lite0.encode(pixels) / np.float32(lite0.scale))
    assert scale == pytest.approx(lite0.scale, rel=0.03)


def test_the_measured_scale_brings_the_median_to_the_seeds() -> None:
    rng = np.random.default_rng(0)
    made = rng.random((len(calibration_pixels(LITE0)), 8)).astype(np.float32)
    scale = measured_scale(LITE0, lambda _: made)
    assert np.median(pair_distances(made)) * scale == pytest.approx(SEED_MEDIAN, rel=1e-3)


def test_a_network_that_sees_no_difference_is_refused() -> None:
    with pytest.raises(WeightsRefused, match="the same vector"):
        measured_scale(LITE0, lambda pixels: np.ones((len(pixels), 4), np.float32))


def test_pair_distances_are_those_of_every_unordered_pair() -> None:
    rows = np.array([[0, 0], [3, 4], [0, 1]], np.float32)
    assert pair_distances(rows) == pytest.approx([5, 1, np.sqrt(18)])
