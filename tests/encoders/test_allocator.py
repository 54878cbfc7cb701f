"""Freed memory is kept where malloc can be told to, and nothing breaks where it cannot."""

import ctypes
import os
import subprocess
import sys

import pytest

from dedupe.encoders import allocator

_FAULTS = """
import ctypes, resource, sys
from dedupe.encoders.allocator import keep_freed_memory
assert keep_freed_memory() == (sys.argv[1] == "kept")
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
def layer():
    piece = ctypes.c_void_p(libc.malloc(64 << 20))
    libc.memset(piece, 1, 64 << 20)
    libc.free(piece)
layer()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    layer()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(how: str, **environment: str) -> int:
    """Pages that the kernel had to bring for memory that was freed right before."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    ours.pop("GLIBC_TUNABLES", None)
    run = subprocess.run(
        [sys.executable, "-c", _FAULTS, how],
        env={**ours, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return int(run.stdout)


def has_glibc() -> bool:
    return sys.platform == "linux" and hasattr(ctypes.CDLL(None), "gnu_get_libc_version")


@pytest.mark.skipif(not has_glibc(), reason="glibc's malloc alone is told")
def test_memory_that_was_freed_is_not_brought_in_again() -> None:
    page = 4096
    # five times 64 MiB, or none; the reason not to is any setting of the user's own
    assert faults("kept") * page < 64 << 20
    assert faults("left alone", MALLOC_TOP_PAD_="131072") * page >= 64 << 20


@pytest.mark.parametrize("name", ["GLIBC_TUNABLES", "MALLOC_TRIM_THRESHOLD_", "MALLOC_ARENA_MAX"])
def test_settings_of_the_users_own_are_left_alone(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "1")
    monkeypatch.setattr(ctypes, "CDLL", None)  # so that touching it fails
    assert not allocator.keep_freed_memory()


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_nothing_happens_on_other_systems(platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(ctypes, "CDLL", None)
    assert not allocator.keep_freed_memory()


@pytest.mark.parametrize("library", [object(), None], ids=["without mallopt", "none at all"])
def test_another_c_library_is_no_error(library: object, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(_: object) -> object:
        if library is None:
            raise OSError("no such library")
        return library

    for name in [*os.environ]:
        if name.startswith("MALLOC_") or name == "GLIBC_TUNABLES":
            monkeypatch.delenv(name)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", load)
    assert not allocator.keep_freed_memory()
