"""Files beside the index that are only caches: one for each encoder, put in place whole."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


def beside(index: Path, fingerprint: str, kind: str) -> Path:
    """Where such a file lies: index.db.<fingerprint>.<kind>."""
    name = re.sub(r"[^\w-]", "_", fingerprint, flags=re.ASCII)[:100]
    return index.with_name(f"{index.name}.{name}.{kind}")


@contextmanager
def in_place_of(path: Path) -> Iterator[BinaryIO]:
    """A new file, in the place of the old one once all is written.

    Who reads the old one reads on; where it fails, the old one stays.

    Raises:
        OSError: it cannot be written.
    """
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:
            yield file
        part.replace(path)
    finally:  # gone already, unless it could not be written
        with suppress(OSError):
            part.unlink(missing_ok=True)
