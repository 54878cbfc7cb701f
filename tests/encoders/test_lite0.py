"""EfficientNet-Lite0 against timm's, on numbers that benchmarks/reference_lite0.py wrote."""

import json
from pathlib import Path

import lite0_pictures
import numpy as np
import pytest
import torch

from dedupe.encoders.fold import fold_batch_norms, fold_padding, fuse_convolutions
from dedupe.encoders.registry import ENCODERS
from dedupe.encoders.weights import load_weights

ROOT = Path(__file__).resolve().parents[2]
LITE0 = ENCODERS["efficientnet_lite0"]


@pytest.fixture(scope="module")
def reference() -> np.ndarray:
    return np.array(
        json.loads((ROOT / "tests/golden/lite0.json").read_text(encoding="utf-8"))["features"]
    )


@pytest.fixture(scope="module")
def pictures() -> torch.Tensor:
    pixels = torch.from_numpy(lite0_pictures.pictures()).permute(0, 3, 1, 2).float() / 255
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (LITE0.mean, LITE0.std))
    return (pixels - mean) / std


@pytest.mark.parametrize("folded", [False, True])
def test_features_are_those_of_timm(
    folded: bool, reference: np.ndarray, pictures: torch.Tensor
) -> None:
    state, _ = load_weights(LITE0)
    network = LITE0.build().eval()
    network.load_state_dict(state)
    if folded:
        fold_batch_norms(network)
        fold_padding(network)
        fuse_convolutions(network)
    with torch.inference_mode():
        features = network(pictures).numpy()
    assert features.shape == reference.shape == (3, 1280)
    # Features reach 5.4. Seen: 5e-7, the rounding of the file, on two threads; 6e-6 on one;
    # 7e-6 folded. Another processor adds in another order.
    assert np.abs(features - reference).max() < 5e-5
