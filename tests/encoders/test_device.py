"""The device that was asked for, or a sentence."""

import builtins
import types
from typing import Any

import pytest
import torch

from dedupe.encoders import device
from dedupe.errors import DedupeError, DeviceMissing, UnknownName


def test_auto_takes_the_cpu_where_there_is_nothing_better(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(device, "_problem", lambda kind: "none here")
    assert device.pick_device("auto") == torch.device("cpu")


def test_auto_takes_a_gpu_that_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "_problem", lambda kind: None if kind == "mps" else "too old")
    assert device.pick_device("auto") == torch.device("mps")


def test_a_gpu_that_fails_at_its_first_kernel_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)

    def no_kernel(*_: Any, **__: Any) -> None:
        raise RuntimeError("CUDA error: no kernel image is available\nmore lines")

    monkeypatch.setattr(torch, "ones", no_kernel)
    assert device.pick_device("auto") == torch.device("cpu")
    with pytest.raises(DeviceMissing, match=r"no kernel image is available$"):
        device.pick_device("cuda")


@pytest.mark.parametrize("name", ["cuda", "mps"])
def test_a_missing_device_is_one_sentence(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = torch.cuda if name == "cuda" else torch.backends.mps
    monkeypatch.setattr(backend, "is_available", lambda: False)
    with pytest.raises(DeviceMissing, match=f"the device '{name}' cannot be used") as caught:
        device.pick_device(name)
    assert "--device cpu" in caught.value.hint


def test_an_unknown_device_is_refused() -> None:
    with pytest.raises(UnknownName, match="no device called 'gpu'"):
        device.pick_device("gpu")


def test_a_torchvision_that_does_not_fit_torch_gets_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ordinary = builtins.__import__

    def mismatched(name: str, *rest: Any, **more: Any) -> types.ModuleType:
        if name == "torchvision":
            raise RuntimeError("operator torchvision::nms does not exist")
        return ordinary(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", mismatched)
    with pytest.raises(DedupeError, match="torchvision::nms does not exist") as caught:
        device.import_torch(vision=True)
    assert "from the same place" in caught.value.hint
    device.import_torch()  # torch alone is whole


def test_full_float32_holds_inside_and_is_put_back() -> None:
    before = torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32
    torch.set_float32_matmul_precision("medium")
    try:
        with device.full_float32():
            assert torch.get_float32_matmul_precision() == "highest"
            assert not torch.backends.cudnn.allow_tf32
        assert torch.get_float32_matmul_precision() == "medium"
    finally:
        torch.set_float32_matmul_precision(before[0])
    assert (torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32) == before


def test_torch_computes_on_as_many_threads_as_asked_inside_and_as_before_after() -> None:
    before = torch.get_num_threads()
    with device.torch_threads(before + 1):
        assert torch.get_num_threads() == before + 1
        with device.torch_threads(None):
            assert torch.get_num_threads() == before + 1
    assert torch.get_num_threads() == before
    with pytest.raises(KeyError), device.torch_threads(before + 1):
        raise KeyError
    assert torch.get_num_threads() == before
