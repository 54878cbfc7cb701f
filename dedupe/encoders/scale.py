"""Seed units for an encoder that nobody has measured yet."""

import hashlib
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dedupe.encoders.encoder import Encoder
from dedupe.errors import WeightsRefused
from dedupe.photos.decode import decode
from dedupe.photos.photo import PhotoFile

# The median distance of two calibration photos in seed units: the geometric mean of the two
# encoders whose scale is known, mobilenet_v2 28.20 and efficientnet_lite0 29.66. The seed's
# alone would put efficientnet_lite0 4.9 % low; this puts neither wrong by more than 2.6 %.
SEED_MEDIAN = 28.92


def measured_scale(
    encoder: Encoder, features: Callable[[npt.NDArray[np.uint8]], npt.NDArray[np.float32]]
) -> float:
    """Find the factor that brings an encoder's distances to seed units.

    It brings the median distance of the calibration photos, which show different things,
    to the median that the seed has on the same photos. Deterministic: the same weights
    give the same scale, rounded to four digits so that it does not depend on the device.
    Two encoders that agree on the median may still differ in the tail, where thresholds
    lie: take it for a start, not for a measurement (docs/thresholds.md).

    Args:
        encoder: what the photos are prepared for.
        features: (B, crop, crop, 3) uint8 photos in, (B, dim) normalised features out.

    Returns:
        Seed units per unit of `features`' L2 distance.

    Raises:
        WeightsRefused: the network cannot tell the photos apart.
    """
    middle = float(np.median(pair_distances(features(calibration_pixels(encoder)))))
    if not middle > 0:
        raise WeightsRefused(
            f"the weights of {encoder.name} give every photo the same vector",
            "use another weights file",
        )
    return float(f"{SEED_MEDIAN / middle:.4g}")


def calibration_name() -> str:
    """The sha256 of the calibration photos and of `SEED_MEDIAN`, for the fingerprint."""
    digest = hashlib.sha256(str(SEED_MEDIAN).encode())
    for _, data in _photos():
        digest.update(hashlib.sha256(data).digest())
    return digest.hexdigest()


def calibration_pixels(encoder: Encoder) -> npt.NDArray[np.uint8]:
    """The calibration photos as `encoder` wants them: (N, crop, crop, 3) uint8."""
    readings = (
        decode(
            data,
            PhotoFile(path=Path(name), size=len(data), mtime_ns=0, device=0, inode=0),
            encoder,
            thumbnail=False,
        )
        for name, data in _photos()
    )
    return np.stack([reading.array for reading in readings])


def pair_distances(vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """The L2 distance of every unordered pair of rows, (N * (N - 1) / 2,) float64."""
    exact = vectors.astype(np.float64)
    rows = (np.linalg.norm(exact[i + 1 :] - row, axis=1) for i, row in enumerate(exact))
    return np.concatenate(list(rows))


@cache
def _photos() -> tuple[tuple[str, bytes], ...]:
    """Name and bytes of each calibration photo, in the order of their names."""
    folder = files("dedupe.encoders") / "calibration"
    found = [entry for entry in folder.iterdir() if entry.name.endswith(".jpg")]
    return tuple((e.name, e.read_bytes()) for e in sorted(found, key=lambda e: e.name))
