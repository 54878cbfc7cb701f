"""How long work is said to take: one protocol, so that the library never prints."""

from typing import Protocol


class Progress(Protocol):
    """Somebody who wants to know how far a long piece of work is."""

    def start(self, what: str, total: int) -> None:
        """Begin a stage of `total` items; a stage before it is over."""

    def advance(self, count: int = 1) -> None:
        """`count` more items are done."""


class Silent:
    """The default: says nothing."""

    def start(self, what: str, total: int) -> None:
        """Say nothing."""

    def advance(self, count: int = 1) -> None:
        """Say nothing."""
