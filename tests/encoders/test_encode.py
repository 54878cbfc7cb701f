"""Vectors depend on the photo and the encoder, and on nothing else."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import lite0_pictures
import numpy as np
import pytest
import torch
from torch import nn

from dedupe.encoders.encode import LoadedEncoder, batch_size, load_encoder
from dedupe.encoders.identity import known_fingerprint
from dedupe.encoders.registry import ENCODERS
from dedupe.encoders.scale import calibration_pixels, pair_distances
from dedupe.encoders.weights import load_weights
from dedupe.errors import DedupeError, UnknownName, WeightsRefused


@pytest.fixture(scope="module")
def lite0() -> LoadedEncoder:
    return load_encoder("efficientnet_lite0", device="cpu", download=False)


@pytest.fixture(scope="module")
def pixels(lite0: LoadedEncoder) -> np.ndarray:
    return np.concatenate([lite0_pictures.pictures(), calibration_pixels(lite0.encoder)])[:19]


@pytest.fixture(scope="module")
def vectors(lite0: LoadedEncoder, pixels: np.ndarray) -> np.ndarray:
    return lite0.encode(pixels)


def test_vectors_have_the_promised_shape_and_type(
    lite0: LoadedEncoder, vectors: np.ndarray
) -> None:
    assert vectors.shape == (19, lite0.encoder.dim)
    assert vectors.dtype == np.float32
    assert np.isfinite(vectors).all()
    # Hellinger: every vector has the length of the scale
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.full(19, lite0.scale), rel=1e-5)


def test_a_photo_has_the_same_vector_to_the_last_bit_alone_and_in_any_company(
    lite0: LoadedEncoder, pixels: np.ndarray, vectors: np.ndarray
) -> None:
    shuffled = np.random.default_rng(0).permutation(19)
    assert np.array_equal(lite0.encode(pixels[shuffled]), vectors[shuffled])
    for place in (0, 7, 18):
        assert np.array_equal(lite0.encode(pixels[place : place + 1])[0], vectors[place])


@pytest.mark.parametrize("threads", [1, 2, 3, 8])
def test_a_photo_has_the_same_vector_to_the_last_bit_on_any_number_of_threads(
    threads: int, lite0: LoadedEncoder, pixels: np.ndarray, vectors: np.ndarray
) -> None:
    before = torch.get_num_threads()
    assert np.array_equal(replace(lite0, threads=threads).encode(pixels), vectors)
    assert torch.get_num_threads() == before


def test_the_threads_asked_for_are_those_that_encode(
    lite0: LoadedEncoder, pixels: np.ndarray
) -> None:
    seen = []

    class Spy(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            seen.append((torch.get_num_threads(), len(x)))
            return torch.zeros(len(x), 1280)

    replace(lite0, network=Spy(), threads=3).encode(pixels[:17])
    assert seen == [(3, lite0.batch), (3, lite0.batch)]
    assert load_encoder("efficientnet_lite0", device="cpu", threads=3).threads == 3
    assert lite0.threads is None


@pytest.mark.parametrize(
    ("threads", "spare", "used"), [(1, 0, 1), (1, 4, 4), (3, 2, 3), (None, 7, None)]
)
def test_cores_that_nothing_else_uses_encode_as_well(
    threads: int | None, spare: int, used: int | None, lite0: LoadedEncoder, pixels: np.ndarray
) -> None:
    seen = []

    class Spy(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            seen.append(torch.get_num_threads())
            return torch.zeros(len(x), 1280)

    spying = replace(lite0, network=Spy(), threads=threads)
    spying.encode(pixels[:1], spare_cores=spare)
    assert seen == [used or torch.get_num_threads()]


def test_a_forward_is_as_large_as_suits_the_device(lite0: LoadedEncoder) -> None:
    assert [batch_size(device) for device in ("cpu", "mps", "cuda")] == [16, 16, 128]
    assert lite0.batch == batch_size("cpu")


def test_the_default_encoder_is_loaded_without_torchvision() -> None:
    code = (
        "import sys\n"
        "from dedupe.encoders.encode import load_encoder\n"
        "load_encoder('efficientnet_lite0', device='cpu', download=False)\n"
        "sys.exit('torchvision' in sys.modules or 'torch._dynamo' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_empty_batch_gives_no_vectors(lite0: LoadedEncoder, pixels: np.ndarray) -> None:
    assert lite0.encode(pixels[:0]).shape == (0, 1280)


def test_arrays_that_cannot_be_written_to_and_odd_strides_are_taken(
    lite0: LoadedEncoder, pixels: np.ndarray, vectors: np.ndarray
) -> None:
    frozen = pixels[:1].copy()
    frozen.flags.writeable = False
    assert np.array_equal(lite0.encode(frozen), vectors[:1])
    mirrored = pixels[:1, :, ::-1]
    assert np.array_equal(lite0.encode(mirrored), lite0.encode(mirrored.copy()))


@pytest.mark.parametrize(
    "batch",
    [
        np.zeros((1, 224, 224, 3), np.float32),
        np.zeros((224, 224, 3), np.uint8),
        np.zeros((1, 3, 224, 224), np.uint8),
        np.zeros((1, 256, 256, 3), np.uint8),
    ],
    ids=lambda batch: f"{batch.shape} {batch.dtype}",
)
def test_another_shape_or_type_is_refused(lite0: LoadedEncoder, batch: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"takes \(B, 224, 224, 3\) uint8"):
        lite0.encode(batch)


def test_encoding_leaves_torch_as_it_was(lite0: LoadedEncoder, pixels: np.ndarray) -> None:
    before = torch.get_rng_state(), torch.get_float32_matmul_precision()
    cudnn = torch.backends.cudnn.allow_tf32, torch.backends.cudnn.enabled
    lite0.encode(pixels[:1])
    load_encoder("efficientnet_lite0", device="cpu")
    assert torch.equal(before[0], torch.get_rng_state())
    assert torch.get_float32_matmul_precision() == before[1]
    assert (torch.backends.cudnn.allow_tf32, torch.backends.cudnn.enabled) == cudnn
    assert torch.is_grad_enabled()
    assert not torch.is_autocast_enabled("cpu")


def test_the_fingerprint_is_known_without_loading(lite0: LoadedEncoder) -> None:
    assert known_fingerprint(lite0.encoder) == lite0.fingerprint
    assert lite0.scale == lite0.encoder.scale


def test_an_unknown_encoder_is_refused() -> None:
    with pytest.raises(UnknownName):
        load_encoder("mobilenet_v9")


def test_a_network_that_overflows_is_refused(lite0: LoadedEncoder, pixels: np.ndarray) -> None:
    class Overflow(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.full((len(x), 1280), torch.inf)

    with pytest.raises(WeightsRefused, match="not finite") as caught:
        replace(lite0, network=Overflow()).encode(pixels[:1])
    assert isinstance(caught.value, DedupeError)


# --- the seed's recipe, and an encoder that nobody has measured ----------------------------


@pytest.fixture(scope="module")
def random_weights(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("weights")
    files = {name: folder / f"{name}.pth" for name in ("mobilenet_v2", "mobilenet_v3_large")}
    for name, file in files.items():
        torch.save(ENCODERS[name].build().state_dict(), file)
    return files


def test_mobilenet_v2_is_torchvisions_recipe_in_plain_l2(
    random_weights: dict[str, Path], pixels: np.ndarray
) -> None:
    """Written out once more as the seed had it: pooled features, no normalisation."""
    from torchvision import models

    file = random_weights["mobilenet_v2"]
    seed = models.mobilenet_v2(weights=None).eval()
    seed.load_state_dict(load_weights(ENCODERS["mobilenet_v2"], file)[0])
    images = torch.from_numpy(pixels[:3]).permute(0, 3, 1, 2)
    # the part of transforms() that comes after the crop, which here has been made
    ready = models.MobileNet_V2_Weights.IMAGENET1K_V1.transforms(resize_size=224)(images)
    with torch.inference_mode():
        expected = seed.features(ready).mean([2, 3]).numpy()
    vectors = load_encoder("mobilenet_v2", weights=file, device="cpu").encode(pixels[:3])
    assert np.abs(vectors - expected).max() <= 1e-5 * np.abs(expected).max()


def test_an_unmeasured_scale_is_measured_on_loading_and_is_the_same_again(
    random_weights: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = random_weights["mobilenet_v3_large"]
    first = load_encoder("mobilenet_v3_large", weights=file, device="cpu")
    assert first.encoder.scale is None
    vectors = first.encode(calibration_pixels(first.encoder))
    from dedupe.encoders.scale import SEED_MEDIAN

    assert np.median(pair_distances(vectors)) == pytest.approx(SEED_MEDIAN, rel=1e-3)
    assert known_fingerprint(first.encoder, file) == first.fingerprint
    again = load_encoder("mobilenet_v3_large", weights=file, device="cpu")
    assert (again.scale, again.fingerprint) == (first.scale, first.fingerprint)
    monkeypatch.setattr("dedupe.encoders.scale.SEED_MEDIAN", SEED_MEDIAN + 1)
    assert known_fingerprint(first.encoder, file) != first.fingerprint
