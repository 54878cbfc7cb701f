"""Where the network runs, and that torch itself is usable."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from dedupe.errors import DedupeError, DeviceMissing, UnknownName

if TYPE_CHECKING:
    import torch

DEVICES = ("auto", "cpu", "cuda", "mps")


def import_torch(*, vision: bool = False) -> None:
    """Import torch, and torchvision with it where it is needed.

    Args:
        vision: whether torchvision is needed. Only the networks that it defines need it; it
            pulls in torch's compiler and doubles the time (6 s of CPU time against 13 on a
            slow machine).

    Raises:
        DedupeError: one of them is missing or they do not fit each other, with the
            command that mends it.
    """
    try:
        import torch  # noqa: F401

        if vision:
            import torchvision  # noqa: F401
    except (ImportError, RuntimeError, OSError) as error:
        # A CPU torch beside a CUDA torchvision fails with "operator torchvision::nms does
        # not exist" (RuntimeError), missing CUDA libraries with OSError.
        said = " ".join(str(error).split())[:200]
        raise DedupeError(
            f"torch and torchvision cannot be used: {said}",
            "install both from the same place, as one pair: "
            "pip install --force-reinstall torch torchvision",
        ) from error


def pick_device(name: str) -> "torch.device":
    """Choose the device to encode on.

    Args:
        name: "auto" (a GPU that works, otherwise the CPU), "cpu", "cuda" or "mps".

    Raises:
        UnknownName: `name` is none of these.
        DeviceMissing: that device is not there or does not work.
        DedupeError: torch itself cannot be used.
    """
    if name not in DEVICES:
        raise UnknownName("device", name, DEVICES)
    import_torch(vision=False)
    import torch

    if name == "auto":
        working = (kind for kind in ("cuda", "mps") if _problem(kind) is None)
        return torch.device(next(working, "cpu"))
    if name != "cpu" and (problem := _problem(name)) is not None:
        raise DeviceMissing(
            f"the device {name!r} cannot be used: {problem}",
            "use --device cpu, or --device auto to take whatever is there",
        )
    return torch.device(name)


def _problem(kind: str) -> str | None:
    """Why a GPU cannot be used, or None where it works."""
    import torch

    backend = torch.cuda if kind == "cuda" else torch.backends.mps
    if not backend.is_available():
        return f"this torch ({torch.__version__}) finds none on this machine"
    try:
        # a card too old for this torch is "available" and fails at its first kernel
        (torch.ones(2, device=kind) * 2).cpu()
    except RuntimeError as error:
        return str(error).splitlines()[0]
    return None


@contextmanager
def full_float32() -> Iterator[None]:
    """Compute in whole float32 inside, whatever the process allows elsewhere.

    cuDNN takes TF32 (10 bits of mantissa) for convolutions unless told otherwise, and
    `torch.set_float32_matmul_precision` may have allowed bfloat16 on a CPU: the answer
    would depend on the machine. Both settings are put back.
    """
    import torch

    precision = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        with torch.backends.cudnn.flags(
            enabled=True, benchmark=False, deterministic=True, allow_tf32=False
        ):
            yield
    finally:
        torch.set_float32_matmul_precision(precision)


@contextmanager
def torch_threads(count: int | None) -> Iterator[None]:
    """Let torch compute on `count` threads inside; as many as it had if None.

    Args:
        count: 1 or more. Put back after it.
    """
    import torch

    before = torch.get_num_threads()
    if count is None or count == before:
        yield
        return
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
