"""What is folded and fused, on small networks; test_encoder_networks.py tries the real ones."""

import pytest
import torch
from torch import nn

from dedupe.encoders import fold

LAST = torch.channels_last


def convolution(kernel: int, **options: int) -> nn.Conv2d:
    torch.manual_seed(kernel)
    return nn.Conv2d(8, 8, kernel, **options).requires_grad_(False).to(memory_format=LAST)


def picture() -> torch.Tensor:
    torch.manual_seed(1)
    return torch.randn(16, 8, 12, 12).contiguous(memory_format=LAST)


def run(network: nn.Module) -> torch.Tensor:
    with torch.inference_mode():
        return network(picture())  # type: ignore[no-any-return]


def kinds(network: nn.Module) -> list[str]:
    return [type(layer).__name__ for layer in network.modules()]


@pytest.mark.parametrize("padding", [(0, 1, 0, 1), (1, 2, 1, 2), (0, 2, 1, 1), (1, 1, 1, 1)])
def test_padding_that_is_folded_changes_nothing_but_the_last_digits(
    padding: tuple[int, int, int, int],
) -> None:
    network = nn.Sequential(nn.ZeroPad2d(padding), convolution(3, stride=2))
    before = run(network)
    fold.fold_padding(network)
    assert "ZeroPad2d" not in kinds(network)
    assert torch.allclose(run(network), before, rtol=0, atol=1e-6)


def test_padding_that_a_convolution_cannot_do_is_left_alone() -> None:
    for network in (
        nn.Sequential(nn.ZeroPad2d((1, 0, 1, 0)), convolution(3)),
        nn.Sequential(nn.ZeroPad2d((0, 1, 0, 1)), convolution(3, padding=1)),
        nn.Sequential(nn.ZeroPad2d((0, 1, 0, 1)), convolution(3, dilation=2)),
    ):
        before = run(network)
        fold.fold_padding(network)
        assert "ZeroPad2d" in kinds(network)
        assert torch.equal(run(network), before)
