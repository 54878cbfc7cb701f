"""From the pixels of photos to their vectors, in seed units."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from dedupe.encoders.allocator import keep_freed_memory
from dedupe.encoders.device import full_float32, import_torch, pick_device, torch_threads
from dedupe.encoders.encoder import Encoder
from dedupe.encoders.fold import fold_batch_norms, fold_padding, fuse_convolutions
from dedupe.encoders.normalise import NORMALISE
from dedupe.encoders.registry import find_encoder
from dedupe.encoders.scale import calibration_name, measured_scale
from dedupe.encoders.weights import load_weights
from dedupe.errors import WeightsRefused
from dedupe.photos.version import DECODE_VERSION

if TYPE_CHECKING:
    import torch
    from torch import nn

# Photos in one forward, always: what is over is filled up with black. The CPU's kernels add
# in another order for another number of photos, and distances moved by up to 7e-5 seed units
# (efficientnet_lite0, batches of 1 to 17 on 1 and 2 threads). With 16 they are the same to
# the last bit, on 1, 2, 4 and 8 threads; the price is that one photo costs as much as 16.
# Fewer at once cost more: each call of a kernel takes 0.1 ms before it begins (1.10 x the
# time with 8, 1.23 x with 4).
BATCH = 16

# A GPU has thousands of lanes to fill. 128 photos are 19 MB of pixels and, in half precision,
# 0.3 GB in the largest layer. Not measured: there was no GPU at hand.
CUDA_BATCH = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedEncoder:
    """An encoder with its weights in memory, ready to turn pixels into vectors.

    Attributes:
        encoder: what it is, out of the registry.
        network: in eval mode on `device`.
        device: where it runs.
        batch: photos in one forward. A multiple of it wastes nothing.
        threads: how many threads compute, on a CPU; as many as torch is set to where None.
        scale: seed units per unit of normalised distance; the encoder's own, or measured.
        fingerprint: names everything that changes a vector.
    """

    encoder: Encoder
    network: "nn.Module"
    device: "torch.device"
    batch: int
    threads: int | None
    scale: float
    fingerprint: str

    def encode(
        self, batch: npt.NDArray[np.uint8], *, spare_cores: int = 0
    ) -> npt.NDArray[np.float32]:
        """Turn photos into vectors whose plain L2 distance is in seed units.

        The vector of a photo does not depend on the other photos of the batch, on its
        place among them or on their number, to the last bit. Another processor may differ
        in the last digits. A CUDA device computes in half precision (see `_features`). Not
        for two threads at once: it borrows settings of the process.

        Args:
            batch: (B, crop, crop, 3) uint8 RGB, B from 0 on.
            spare_cores: that nothing else uses; compute on as many if that is more than
                `threads`.

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
        with torch_threads(self.threads and max(self.threads, spare_cores)):
            features = _features(self.encoder, self.network, self.device, batch)
        return (features * self.scale).astype(np.float32)


def load_encoder(
    name: str,
    *,
    weights: Path | None = None,
    device: str = "auto",
    download: bool = True,
    threads: int | None = None,
) -> LoadedEncoder:
    """Load an encoder out of the registry with its trained weights.

    On Linux it also has malloc keep freed memory (`allocator.keep_freed_memory`).

    Args:
        name: a key of `ENCODERS`.
        weights: a file of the user's instead of the published one.
        device: "auto", "cpu", "cuda" or "mps".
        download: whether missing weights may be fetched.
        threads: how many threads encode, on a CPU; as many as torch is set to if None. The
            vectors are the same. Where other work uses the cores, ask for fewer than there
            are: threads that wait for one without a core spin (libgomp), and 2 threads on 2
            busy cores took 60 ms of CPU time a photo, 1 thread 20.

    Raises:
        UnknownName: there is no such encoder or device.
        DeviceMissing: the device is not there or does not work.
        WeightsMissing: the weights are not here and could not be fetched.
        WeightsRefused: the weights file is not what it should be.
        DedupeError: torch and torchvision cannot be used.
    """
    encoder = find_encoder(name)
    keep_freed_memory()  # before torch allocates anything
    import_torch()
    import torch

    place = pick_device(device)
    state, sha256 = load_weights(encoder, weights, download)
    with torch.device("meta"):  # no random numbers are drawn only to be overwritten
        network = encoder.build()
    network.load_state_dict(state, strict=True, assign=True)
    network.eval().requires_grad_(False)
    fold_batch_norms(network)
    if place.type == "cpu":
        fold_padding(network)
    network.to(place).to(memory_format=torch.channels_last)
    if place.type == "cpu":
        with torch_threads(threads):
            fuse_convolutions(network)

    scale, calibration = encoder.scale, ""
    if scale is None:
        calibration = calibration_name()
        with torch_threads(threads):
            scale = measured_scale(
                encoder,
                lambda pixels: _features(encoder, network, place, pixels).astype(np.float32),
            )
    return LoadedEncoder(
        encoder=encoder,
        network=network,
        device=place,
        batch=batch_size(place.type),
        threads=threads,
        scale=scale,
        fingerprint=encoder.fingerprint(sha256, DECODE_VERSION, calibration),
    )


def batch_size(device: str) -> int:
    """How many photos a forward takes on a kind of device: "cpu", "cuda" or "mps"."""
    return CUDA_BATCH if device == "cuda" else BATCH


def _features(
    encoder: Encoder,
    network: "nn.Module",
    device: "torch.device",
    photos: npt.NDArray[np.uint8],
) -> npt.NDArray[np.float64]:
    """(N, dim) float64 features, normalised and not yet scaled.

    On CUDA the network runs in half precision (`torch.autocast`, float16); what it gives is
    brought to float32 before anything else. Tried on a CPU with the calibration photos, whose
    median distance is 29: a vector moves by 0.15 seed units (median; largest 0.22), the
    distance of two photos by 0.008 (largest 0.033), with efficientnet_lite0; by 0.10 (0.15)
    and 0.008 (0.051) with mobilenet_v2. Rounding what goes into and comes out of every
    convolution, with sums in float32 as tensor cores make them, gives the same figures.
    bfloat16 would move a vector by 0.96 (2.1). Everywhere else it is float32.
    """
    import torch

    batch = batch_size(device.type)
    # One row of a picture is one row of these: torch computes in long runs. With mean and std
    # of shape (3, 1, 1) the same values, to the last bit, took 4 times as long (0.37 ms a
    # photo, of 15).
    mean, std = (
        torch.tensor(values, dtype=torch.float32).repeat(encoder.crop).to(device)
        for values in (encoder.mean, encoder.std)
    )
    half = torch.autocast(device.type, torch.float16, enabled=device.type == "cuda")
    parts = [torch.empty(0, encoder.dim)]
    with torch.inference_mode(), full_float32(), half:
        for start in range(0, len(photos), batch):
            some = photos[start : start + batch]
            filled = np.zeros((batch, encoder.crop, encoder.crop * 3), np.uint8)
            filled[: len(some)] = some.reshape(len(some), encoder.crop, -1)
            pixels = torch.from_numpy(filled)
            if device.type == "cuda":  # the next is made ready while this is computed
                pixels = pixels.pin_memory().to(device, non_blocking=True)
            rows = pixels.to(device).float().div_(255).sub_(mean).div_(std)
            # (B, H, W, 3) seen as (B, 3, H, W) is channels_last already
            images = rows.view(batch, encoder.crop, encoder.crop, 3).permute(0, 3, 1, 2)
            parts.append(network(images)[: len(some)].float())
        features = torch.cat([part.cpu() for part in parts]).numpy().astype(np.float64)
    if not np.isfinite(features).all():
        raise WeightsRefused(
            f"the weights of {encoder.name} give values that are not finite",
            "use another weights file",
        )
    return NORMALISE[encoder.normalise](features)
