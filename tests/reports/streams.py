"""Where reports write to: a pipe or a terminal, kept in memory."""

import io


class Pipe(io.TextIOWrapper):
    """A file of a program."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), "utf-8", newline="\n")

    @property
    def data(self) -> bytes:
        """All that was written."""
        self.flush()
        return self.buffer.getvalue()  # type: ignore[attr-defined, no-any-return]

    @property
    def text(self) -> str:
        """The same as text."""
        return self.data.decode("utf-8")


class Terminal(Pipe):
    """A person's screen."""

    def isatty(self) -> bool:
        """Somebody is looking."""
        return True
