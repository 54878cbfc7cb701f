"""What every registered network must do, tried once with random weights."""

from typing import Any

import pytest
import torch
from torch import nn

from dedupe.encoders import fold
from dedupe.encoders.encoder import Encoder
from dedupe.encoders.fold import fold_batch_norms, fold_padding, fuse_convolutions
from dedupe.encoders.registry import ENCODERS


@pytest.fixture(scope="module", params=list(ENCODERS))
def encoder(request: Any) -> Encoder:
    return ENCODERS[request.param]


@pytest.fixture(scope="module")
def network(encoder: Encoder) -> nn.Module:
    torch.manual_seed(0)
    network = encoder.build().eval()
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):  # as trained: not zero and one
            nn.init.uniform_(layer.running_mean, -0.1, 0.1)
            nn.init.uniform_(layer.running_var, 0.5, 1.5)
    return network


@pytest.fixture(scope="module")
def pictures(encoder: Encoder) -> torch.Tensor:
    torch.manual_seed(1)
    return torch.randn(2, 3, encoder.crop, encoder.crop)


@pytest.fixture(scope="module")
def features(network: nn.Module, pictures: torch.Tensor) -> torch.Tensor:
    with torch.inference_mode():
        return network(pictures)


def test_features_have_the_promised_shape_and_type(
    encoder: Encoder, features: torch.Tensor
) -> None:
    assert features.shape == (2, encoder.dim)
    assert features.dtype == torch.float32
    assert not torch.equal(features[0], features[1])


def test_only_features_that_are_never_negative_have_their_root_taken(
    encoder: Encoder, features: torch.Tensor
) -> None:
    assert encoder.normalise != "hellinger" or features.min() >= 0


def test_folding_the_batch_norms_changes_nothing_but_the_last_digits(
    encoder: Encoder, pictures: torch.Tensor, network: nn.Module, features: torch.Tensor
) -> None:
    folded = encoder.build().eval()
    folded.load_state_dict(network.state_dict())
    fold_batch_norms(folded)
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in folded.modules())
    with torch.inference_mode():
        again = folded(pictures)
    # 4e-7 was the most seen
    assert torch.linalg.norm(again - features) <= 1e-4 * torch.linalg.norm(features)


def test_fused_convolutions_and_folded_padding_change_nothing(
    encoder: Encoder, pictures: torch.Tensor, network: nn.Module
) -> None:
    plain, fused = encoder.build().eval(), encoder.build().eval()
    images = pictures.contiguous(memory_format=torch.channels_last)
    for each in (plain, fused):
        each.load_state_dict(network.state_dict())
        each.requires_grad_(False)
        fold_batch_norms(each)
    fold_padding(fused)
    assert not any(isinstance(layer, nn.ZeroPad2d) for layer in fused.modules())
    for each in (plain, fused):
        each.to(memory_format=torch.channels_last)
    fuse_convolutions(fused)
    with torch.inference_mode():
        expected = plain(images)
        assert torch.equal(fused(images), expected)
        assert torch.equal(fused(images), expected)  # the weights are in order by now


def test_a_torch_without_the_operators_leaves_the_network_as_it_is(
    network: nn.Module, encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: Any, **__: Any) -> nn.Module:
        raise AttributeError("_convolution_pointwise")

    before = list(network.modules())
    monkeypatch.setattr(fold, "_fused", missing)
    fuse_convolutions(network)
    monkeypatch.setattr(fold, "_fused", lambda conv, relu6: nn.Sequential(conv, nn.Tanh()))
    fuse_convolutions(network)
    assert list(network.modules()) == before


def test_the_classifiers_scores_are_a_linear_map_of_the_features(
    network: nn.Module, pictures: torch.Tensor, features: torch.Tensor
) -> None:
    """So they are the second-to-last layer's. Last: it takes the network's tap away."""
    last = [layer for layer in network.modules() if isinstance(layer, nn.Linear)][-1]
    del last.forward
    with torch.inference_mode():
        scores = network(pictures)
        assert scores.shape == (2, 1000)
        assert torch.allclose(last(features), scores, rtol=1e-4, atol=1e-5)
