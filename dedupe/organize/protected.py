"""Protected folders: what lies in them stays as it is, and is kept before all else."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from dedupe.errors import UsageError
from dedupe.names import safe

if TYPE_CHECKING:
    from dedupe.photos.photo import Photo


class Protected:
    """Tells what lies in some folders, whatever they are called.

    Each folder is known by its name and by its number on the disk: on a Mac `photos` and `Photos`
    are one folder, and so are the two ends of a bind mount. What is found is remembered, so that
    thousands of photos cost a look at each of their folders.

    Attributes:
        folders: absolute, links resolved, each once.
    """

    def __init__(self, folders: Iterable[Path | str] = ()) -> None:
        """Take a look at the folders.

        Raises:
            UsageError: one of them is not there. With a slip of the pen in its name, or its
                drive not connected, nothing would be protected.
        """
        self.folders = tuple(dict.fromkeys(_absolute(folder) for folder in folders))
        self._known: dict[Path, bool] = {}
        self._numbers = set()
        for folder in self.folders:
            number = _number(folder)
            if number is None:
                raise UsageError(
                    f"{safe(folder)} is not there, so nothing in it can be protected",
                    "nothing was done; is the drive connected?",
                )
            self._numbers.add(number)

    def holds(self, path: Path) -> bool:
        """Whether a file or folder is one of the protected ones, or below one.

        Links on the way to it are followed; where it is a link itself, the link is meant.
        """
        if not self.folders:
            return False
        return path in self.folders or self._holds_folder(path.parent) or self._is_one(path)

    def wins(self, photo: "Photo") -> bool:
        """Whether a photo is to be kept before all others: one of its names is protected."""
        return bool(self.folders) and any(
            name in self.folders or self._holds_folder(name.parent)
            for name in (photo.path, *photo.hard_links)
        )

    def _holds_folder(self, folder: Path) -> bool:
        if folder not in self._known:
            real = Path(os.path.realpath(folder))
            self._known[folder] = any(map(self._is_one, (real, *real.parents)))
        return self._known[folder]

    def _is_one(self, path: Path) -> bool:
        return path in self.folders or (path.is_dir() and _number(path) in self._numbers)


NOTHING = Protected()
"""For who protects nothing."""


def _absolute(path: Path | str) -> Path:
    return Path(os.path.realpath(os.path.expanduser(path)))  # noqa: PTH111 - Path's raises


def _number(path: Path) -> tuple[int, int] | None:
    """What a folder or file is known by whatever its name is, or None where it is not there."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino
