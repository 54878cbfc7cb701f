"""An action that dies at one of its changes, as suddenly as by a kill."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

import pytest

from dedupe.organize.files import changes


class Killed(BaseException):
    """As sudden as a kill, as far as the journal is concerned."""


@contextmanager
def killed_at_move(number: int) -> Iterator[None]:
    """Inside, the move of this number is not made any more, counted from 1."""
    real, calls = changes.move, []

    def move(*arguments: object) -> object:
        calls.append(arguments)
        if len(calls) == number:
            raise Killed
        return real(*arguments)  # type: ignore[arg-type]

    with mock.patch.object(changes, "move", move), pytest.raises(Killed):
        yield


@contextmanager
def killed_in_a_copy() -> Iterator[None]:
    """Inside, the second copy is written and never gets its name; it is left."""
    calls = []

    def fsync(fd: int) -> None:
        calls.append(fd)
        if len(calls) == 3:  # two a copy: of its bytes, and of its folder
            raise Killed

    with (
        mock.patch.object(changes.os, "fsync", fsync),
        mock.patch.object(changes, "_discard", return_value=None),
        pytest.raises(Killed),
    ):
        yield
