"""Counts, sizes and paths in words, and lines that need no rich: what starts in no time."""

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from dedupe.names import safe

if TYPE_CHECKING:
    from dedupe.reports.screen import Screen


def counted(count: int, what: str) -> str:
    """`1 photo`, `12 photos`, `1,200 copies`."""
    many = f"{what[:-1]}ies" if what.endswith("y") else f"{what}s"
    return f"{count:,} {what if count == 1 else many}"


def shown_path(path: Path) -> str:
    """The path in full, from here where it lies below here, safe for a terminal."""
    try:
        return safe(path.relative_to(_real(Path.cwd())))
    except (ValueError, FileNotFoundError):  # elsewhere, or here was deleted
        return safe(path)


@cache
def _real(folder: Path) -> str:
    return os.path.realpath(folder)  # for each photo of a long report it is the same


def shown_bytes(count: int) -> str:
    """`412 kB`, `3.1 MB`: powers of 1000, as file managers count."""
    size, units = float(count), iter(("B", "kB", "MB", "GB", "TB"))
    unit = next(units)
    while size >= 999.5 and (larger := next(units, None)):
        size, unit = size / 1000, larger
    digits = 1 if unit not in ("B", "kB") and size < 99.95 else 0
    return f"{size:.{digits}f} {unit}"


class Lines:
    """Writes lines as they are.

    On a terminal with bold and dim words, for which rich is loaded (0.15 s of CPU); in a pipe,
    where nothing is styled, without it: a second scan of unchanged photos is not to wait.
    """

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._screen: Screen | None = None

    def tell(self, *parts: str | tuple[str, str]) -> None:
        """Write one line: parts of text, or of a text and its style ("bold", "dim", "red")."""
        if screen := self._open():
            from rich.text import Text

            screen.tell(Text.assemble(*parts))
        else:
            words = (part if isinstance(part, str) else part[0] for part in parts)
            self._out.write("".join(words) + "\n")

    def tell_hanging(self, mark: str, words: str) -> None:
        """Write words behind a mark; on a terminal they go on below their beginning."""
        if screen := self._open():
            screen.tell_hanging(mark, words)
        else:
            self._out.write(f"{mark}{words}\n")

    def _open(self) -> "Screen | None":
        if self._screen is None and self._out.isatty():
            from dedupe.reports.screen import Screen

            self._screen = Screen(self._out)
        return self._screen
