"""What all talk to people is printed with: a console, counts, and paths that fit."""

import os
import re
from pathlib import Path
from typing import NoReturn, TextIO

from rich.cells import cell_len, chop_cells
from rich.console import Console
from rich.text import Text

from dedupe.names import safe


class Screen(Console):
    """A rich console that leaves it to the caller what a reader who went away means."""

    def __init__(self, out: TextIO) -> None:
        super().__init__(file=out, highlight=False)

    def on_broken_pipe(self) -> NoReturn:
        """Raise the BrokenPipeError; rich itself would end the program with exit code 1."""
        raise  # the error that rich is handling when it calls this

    def tell(self, text: Text | str = "") -> None:
        """Print text as it is: no markup in it, no line break but where the terminal ends."""
        self.print(Text(text) if isinstance(text, str) else text, soft_wrap=True)


def counted(count: int, what: str) -> str:
    """`1 photo`, `12 photos`, `1,200 copies`."""
    many = f"{what[:-1]}ies" if what.endswith("y") else f"{what}s"
    return f"{count:,} {what if count == 1 else many}"


def shown_path(path: Path) -> str:
    """The path in full, from here where it lies below here, safe for a terminal."""
    try:
        return safe(path.relative_to(os.path.realpath(Path.cwd())))
    except (ValueError, FileNotFoundError):  # elsewhere, or here was deleted
        return safe(path)


def folded(text: str, width: int) -> list[str]:
    """Break a path into lines of at most `width` cells: after a slash where that is enough.

    Nothing is lost or added: the lines joined are the text.
    """
    lines = [""]
    for part in re.findall(r"[^/]*/|[^/]+", text):
        if cell_len(lines[-1] + part) <= width:
            lines[-1] += part
        else:
            lines += chop_cells(part, width)
    return [line for line in lines if line] or [""]


def shown_bytes(count: int) -> str:
    """`412 kB`, `3.1 MB`: powers of 1000, as file managers count."""
    size, units = float(count), iter(("B", "kB", "MB", "GB", "TB"))
    unit = next(units)
    while size >= 999.5 and (larger := next(units, None)):
        size, unit = size / 1000, larger
    digits = 1 if unit not in ("B", "kB") and size < 99.95 else 0
    return f"{size:.{digits}f} {unit}"
