"""What tables are printed with: a console, and paths that are folded to fit."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn, TextIO

from rich.cells import cell_len, chop_cells
from rich.console import Console
from rich.segment import Segment, Segments
from rich.text import Text

Part = str | tuple[str, str]
"""Text, or text and its style: with a `Text` for each part a table took three times as long."""

# what is folded to fewer cells can be read by nobody
NARROWEST = 10


class Screen(Console):
    """A rich console that leaves it to the caller what a reader who went away means."""

    def __init__(self, out: TextIO) -> None:
        # rich asks for several variables at every line: of 33 s for 3,000 sets 3 were that
        super().__init__(file=out, highlight=False, _environ=dict(os.environ))
        # and for the size of the terminal
        self.width, self.height = self.size
        self._together: list[Segment] | None = None

    def on_broken_pipe(self) -> NoReturn:
        """Raise the BrokenPipeError; rich itself would end the program with exit code 1."""
        raise  # the error that rich is handling when it calls this

    def tell(self, *parts: Part | Text) -> None:
        """Print a line as it is: no markup in it, no break but where the terminal ends.

        Args:
            parts: what stands in it, one behind the other.
        """
        line: list[Segment] = []
        for part in parts:
            if isinstance(part, Text):
                line += part.render(self)
            else:
                text, style = (part, "") if isinstance(part, str) else part
                line.append(Segment(text, self.get_style(style) if style else None))
        line.append(Segment.line())
        if self._together is None:
            self.print(Segments(line), soft_wrap=True)
        else:
            self._together += line

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is told within is printed at once: rich takes 0.1 ms for each time it is asked."""
        self._together = []
        try:
            yield
        finally:
            lines, self._together = self._together, None
        self.print(Segments(lines), soft_wrap=True)

    def tell_hanging(self, mark: str, words: str, style: str = "") -> None:
        """Print words behind a mark, broken between words and going on below their beginning."""
        room = max(self.width - cell_len(mark), NARROWEST)
        # most are no longer than that
        if cell_len(words) <= room and words.isprintable():
            self.tell((mark + words.rstrip(), style))
            return
        for line in Text(words).wrap(self, room):
            self.tell((mark + line.plain.rstrip(), style))
            mark = " " * cell_len(mark)


def folded(text: str, width: int) -> list[str]:
    """Break a path into lines of at most `width` cells: after a slash where that is enough.

    Nothing is lost or added: the lines joined are the text.
    """
    if cell_len(text) <= width:
        return [text]
    lines = [""]
    for part in re.findall(r"[^/]*/|[^/]+", text):
        if cell_len(lines[-1] + part) <= width:
            lines[-1] += part
        else:
            lines += chop_cells(part, width)
    return [line for line in lines if line] or [""]
