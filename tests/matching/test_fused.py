"""One pass over a product in place of three: the same pairs, compiled or not."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from dedupe.matching.near import nominate
from dedupe.matching.near.distances import pairs_within
from dedupe.matching.near.fused import compiled, in_reach


def block(rng: np.random.Generator, rows: int, others: int) -> tuple[torch.Tensor, ...]:
    left, right = (torch.from_numpy(rng.normal(size=(each, 8))) for each in (rows, others))
    squares = [each.square().sum(1) for each in (left, right)]
    limits = [torch.from_numpy(rng.uniform(0, 20, each)) for each in (rows, others)]
    return tuple(each.float() for each in (left @ right.T, *squares, *limits))


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (30, 20)])
def test_a_pair_is_in_reach_where_its_square_is_within_the_limit_of_either(
    shape: tuple[int, int],
) -> None:
    products, left, right, left_limits, right_limits = block(np.random.default_rng(0), *shape)
    squares = left[:, None] + right - 2 * products
    wanted = (squares <= left_limits[:, None]) | (squares <= right_limits)
    near = in_reach(products, left, right, left_limits, right_limits)
    assert near.tolist() == wanted.tolist()


def test_what_is_compiled_finds_the_same_in_blocks_of_every_size() -> None:
    # all but the last step, which needs a compiler for C or a card
    one_graph = torch.compile(in_reach, dynamic=True, fullgraph=True, backend="aot_eager")
    rng = np.random.default_rng(1)
    for shape in ((2, 3), (30, 20), (7, 50), (1, 4)):
        parts = block(rng, *shape)
        assert one_graph(*parts).equal(in_reach(*parts))


@pytest.mark.parametrize("rows", [7, 64])
def test_pairs_found_by_the_fused_step_are_those_found_by_the_plain_ones(
    monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    vectors = np.random.default_rng(2).normal(size=(100, 16)).astype(np.float16)
    plain = pairs_within(vectors, 5.0, device="cpu", rows=rows)
    monkeypatch.setattr(nominate, "compiled", lambda *_: in_reach)
    in_one = pairs_within(vectors, 5.0, device="cpu", rows=rows)
    assert 0 < len(plain) < 4950
    assert in_one.a.tolist() == plain.a.tolist()
    assert in_one.b.tolist() == plain.b.tolist()
    assert in_one.distance.tolist() == plain.distance.tolist()


def test_nothing_is_compiled_off_cards_nor_for_few_pairs() -> None:
    assert compiled(torch.device("cpu"), 10**12) is None
    assert compiled(torch.device("cuda"), 10**6) is None


@pytest.mark.parametrize("error", [RuntimeError("no Triton"), OSError("no cc"), ImportError("no")])
def test_where_torch_cannot_compile_the_plain_steps_are_taken(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def refuses(*_: object, **__: object) -> Callable[..., torch.Tensor]:
        raise error

    monkeypatch.setattr(torch, "compile", refuses)
    assert compiled(torch.device("cuda"), 10**12) is None
