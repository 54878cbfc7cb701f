"""From the pixels of photos to their vectors, in seed units."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from dedupe.encoders.device import full_float32, import_torch, pick_device
from dedupe.encoders.encoder import Encoder
from dedupe.encoders.fold import fold_batch_norms
from dedupe.encoders.normalise import NORMALISE
from dedupe.encoders.registry import find_encoder
from dedupe.encoders.scale import calibration_name, measured_scale
from dedupe.encoders.weights import load_weights
from dedupe.errors import WeightsRefused
from dedupe.photos.decode import DECODE_VERSION

if TYPE_CHECKING:
    import torch
    from torch import nn

# Photos in one forward, always: what is over is filled up with black. The CPU's kernels add
# in another order for another number of photos, and distances moved by up to 7e-5 seed units
# (efficientnet_lite0, batches of 1 to 17 on 1 and 2 threads). With 16 they are the same to
# the last bit, on 1, 2, 4 and 8 threads; the price is that one photo costs as much as 16.
BATCH = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedEncoder:
    """An encoder with its weights in memory, ready to turn pixels into vectors.

    Attributes:
        encoder: what it is, out of the registry.
        network: in eval mode on `device`.
        device: where it runs.
        scale: seed units per unit of normalised distance; the encoder's own, or measured.
        fingerprint: names everything that changes a vector.
    """

    encoder: Encoder
    network: "nn.Module"
    device: "torch.device"
    scale: float
    fingerprint: str

    def encode(self, batch: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Turn photos into vectors whose plain L2 distance is in seed units.

        The vector of a photo does not depend on the other photos of the batch, on its
        place among them or on their number, to the last bit. Another device or processor
        may differ in the last digits. Photos are computed 16 at a time: a multiple of 16
        wastes nothing. Not for two threads at once: it borrows settings of the process.

        Args:
            batch: (B, crop, crop, 3) uint8 RGB, B from 0 on.

        Returns:
            (B, dim) float32, finite.

        Raises:
            ValueError: `batch` has another shape or type.
            WeightsRefused: the network gives values that are not finite.
        """
        side = self.encoder.crop
        if batch.dtype != np.uint8 or batch.shape[1:] != (side, side, 3):
            raise ValueError(
                f"{self.encoder.name} takes (B, {side}, {side}, 3) uint8, "
                f"got {batch.shape} {batch.dtype}"
            )
        features = _features(self.encoder, self.network, self.device, batch)
        return (features * self.scale).astype(np.float32)


def load_encoder(
    name: str, *, weights: Path | None = None, device: str = "auto", download: bool = True
) -> LoadedEncoder:
    """Load an encoder out of the registry with its trained weights.

    Args:
        name: a key of `ENCODERS`.
        weights: a file of the user's instead of the published one.
        device: "auto", "cpu", "cuda" or "mps".
        download: whether missing weights may be fetched.

    Raises:
        UnknownName: there is no such encoder or device.
        DeviceMissing: the device is not there or does not work.
        WeightsMissing: the weights are not here and could not be fetched.
        WeightsRefused: the weights file is not what it should be.
        DedupeError: torch and torchvision cannot be used.
    """
    encoder = find_encoder(name)
    import_torch()
    import torch

    place = pick_device(device)
    state, sha256 = load_weights(encoder, weights, download)
    with torch.device("meta"):  # no random numbers are drawn only to be overwritten
        network = encoder.build()
    network.load_state_dict(state, strict=True, assign=True)
    network.eval().requires_grad_(False)
    fold_batch_norms(network)
    network.to(place).to(memory_format=torch.channels_last)

    scale, calibration = encoder.scale, ""
    if scale is None:
        calibration = calibration_name()
        scale = measured_scale(
            encoder, lambda pixels: _features(encoder, network, place, pixels).astype(np.float32)
        )
    return LoadedEncoder(
        encoder=encoder,
        network=network,
        device=place,
        scale=scale,
        fingerprint=encoder.fingerprint(sha256, DECODE_VERSION, calibration),
    )


def _features(
    encoder: Encoder,
    network: "nn.Module",
    device: "torch.device",
    batch: npt.NDArray[np.uint8],
) -> npt.NDArray[np.float64]:
    """(B, dim) float64 features, normalised and not yet scaled."""
    import torch

    mean = torch.tensor(encoder.mean, dtype=torch.float32, device=device).view(3, 1, 1)
    std = torch.tensor(encoder.std, dtype=torch.float32, device=device).view(3, 1, 1)
    parts = [np.empty((0, encoder.dim), np.float64)]
    with torch.inference_mode(), full_float32():
        for start in range(0, len(batch), BATCH):
            some = batch[start : start + BATCH]
            filled = np.zeros((BATCH, *batch.shape[1:]), np.uint8)
            filled[: len(some)] = some
            # (B, H, W, 3) seen as (B, 3, H, W) is channels_last already
            pixels = torch.from_numpy(filled).to(device).permute(0, 3, 1, 2)
            features = network(pixels.float().div_(255).sub_(mean).div_(std))
            parts.append(features[: len(some)].cpu().numpy().astype(np.float64))
    rows = np.concatenate(parts)
    if not np.isfinite(rows).all():
        raise WeightsRefused(
            f"the weights of {encoder.name} give values that are not finite",
            "use another weights file",
        )
    return NORMALISE[encoder.normalise](rows)
