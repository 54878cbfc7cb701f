"""What has photos on both sides: below some folders, and elsewhere."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from dedupe.errors import UsageError
from dedupe.index.library import Library
from dedupe.index.rows import below
from dedupe.names import safe
from dedupe.photos.discover import each_absolute
from dedupe.photos.photo import Photo


class _OfPhotos(Protocol):
    """A group or a cluster."""

    @property
    def photos(self) -> Sequence[Photo]: ...


_Found = TypeVar("_Found", bound=_OfPhotos)


def on_both_sides(found: Iterable[_Found], folders: Sequence[Path]) -> list[_Found]:
    """Those groups or clusters that have a photo below some folders, and one that is not.

    What is kept is kept as it is: who is in a group does not depend on which are shown. A photo
    of several names (hard links) is wherever one of them is.

    Args:
        found: groups or clusters, in any order.
        folders: absolute, links resolved, as `known_folders` gives them. Which of them a photo
            lies below makes no difference.

    Returns:
        In the order given; all of them where there are no folders.
    """
    if not folders:
        return list(found)
    is_below = below(folders)
    return [
        each
        for each in found
        if len({is_below(name) for photo in each.photos for name in _names(photo)}) == 2
    ]


def known_folders(library: Library, folders: Iterable[Path | str]) -> tuple[Path, ...]:
    """Folders as a person named them, made absolute; photos of the library lie below each.

    Args:
        library: as `open_library` gives it.
        folders: in any form that `open_library` takes: relative, with `~`, or a link.

    Returns:
        Each once, links resolved, in the order given.

    Raises:
        UsageError: no photo of the library lies at or below one of them.
    """
    known = tuple(dict.fromkeys(each_absolute(folders)))
    for folder in known:
        is_below = below([folder])
        if not any(is_below(name) for photo in library.photos for name in _names(photo)):
            raise UsageError(
                f"no photo below {safe(folder)} is known", f"run `dedupe scan {safe(folder)}` first"
            )
    return known


def _names(photo: Photo) -> list[bytes]:
    return [os.fsencode(path) for path in (photo.path, *photo.hard_links)]
