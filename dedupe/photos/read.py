"""From a photo on the disk to all that is known of it, whatever is wrong with it."""

import os
import stat
from collections.abc import Callable, Container
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TypeVar

from blake3 import blake3
from PIL import Image

from dedupe.errors import PhotoUnreadable
from dedupe.photos.decode import (
    ONE_LARGE_AT_A_TIME,
    Reading,
    decode,
    decode_luminance,
    decode_picture,
    said_size,
)
from dedupe.photos.discover import absolute
from dedupe.photos.photo import Photo, PhotoFile, Skip
from dedupe.photos.pixels import Preparation
from dedupe.photos.sniff import HEAD, sniff

MAX_BYTES = 1 << 30

T = TypeVar("T")


def read_photo(
    file: PhotoFile,
    wants: Preparation,
    known: Container[bytes] = frozenset(),
    *,
    thumbnail: bool = True,
    alone: AbstractContextManager[object] = ONE_LARGE_AT_A_TIME,
) -> Reading | Skip:
    """Read, hash and decode one photo; whatever is wrong with it becomes a Skip.

    Args:
        file: as `discover` found it.
        wants: size and shape of the pixels, usually an Encoder.
        known: content hashes whose pixels nobody needs; they are not decoded.
        thumbnail: whether a small JPEG of it is made.
        alone: held while a very large picture is unfolded.
    """
    try:
        data = _read(file)
        if isinstance(data, Skip):
            return data
        content = blake3(data).digest()
        if content in known:
            photo = Photo(file=file, content=content, width=0, height=0, format="")
            return Reading(photo, None)
        return decode(data, file, wants, content=content, thumbnail=thumbnail, alone=alone)
    except PhotoUnreadable as error:
        return Skip(file.path, str(error), True)
    except OSError as error:
        return Skip(file.path, f"cannot be read: {error.strerror or error}", True, passing=True)


def read_picture(file: PhotoFile, side: int) -> Image.Image | Skip:
    """Read all of a photo's picture, small; whatever is wrong with it becomes a Skip.

    Args:
        file: as `discover` found it; one that changed since then is passed over.
        side: of its long side in pixels, at most.

    Returns:
        RGB in sRGB, upright, by the same decoders as `read_photo`.
    """
    return _unless_skipped(file, lambda data: decode_picture(data, file, side))


def read_luminance(file: PhotoFile) -> tuple[Image.Image, tuple[int, ...]] | Skip:
    """Read how bright each pixel of a photo is; whatever is wrong with it becomes a Skip.

    Args:
        file: as `discover` found it; one that changed since then is passed over.

    Returns:
        As `decode_luminance` gives it: upright, at full size, with the steps of a JPEG.
    """
    return _unless_skipped(file, lambda data: decode_luminance(data, file))


def read_said_size(file: PhotoFile) -> tuple[int, int] | Skip | None:
    """Read the width and height that a photo's header says; whatever is wrong becomes a Skip.

    Args:
        file: as `discover` found it; one that changed since then is passed over.

    Returns:
        As `metadata.read_said_size` gives it.
    """
    return _unless_skipped(file, lambda data: said_size(data, file))


def photo_file(path: Path | str) -> PhotoFile:
    """The PhotoFile of a path that was named by hand.

    Raises:
        PhotoUnreadable: there is no regular file.
    """
    path = absolute(path)
    try:
        info = path.stat()
    except OSError as error:
        raise PhotoUnreadable(f"{path} cannot be read: {error.strerror}") from error
    if not stat.S_ISREG(info.st_mode):
        raise PhotoUnreadable(f"{path} is not a file")
    return PhotoFile.seen(path, info)


def _unless_skipped(file: PhotoFile, use: Callable[[bytes], T]) -> T | Skip:
    """What is made of the bytes of a photo; or why nothing can be."""
    try:
        data = _read(file)
        return data if isinstance(data, Skip) else use(data)
    except PhotoUnreadable as error:
        return Skip(file.path, str(error), True)
    except OSError as error:
        return Skip(file.path, f"cannot be read: {error.strerror or error}", True, passing=True)


def _read(file: PhotoFile) -> bytes | Skip:
    """The whole file, if its first bytes are those of a photo."""
    # neither a pipe nor a link that took the file's place since it was found is opened
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)
    flags |= getattr(os, "O_BINARY", 0)
    # unbuffered: read() then fills one block of the file's size, instead of joining two
    with os.fdopen(os.open(file.path, flags), "rb", buffering=0) as handle:
        before = os.fstat(handle.fileno())
        if not stat.S_ISREG(before.st_mode):
            return Skip(file.path, "is no longer a regular file", True, passing=True)
        if (skip := sniff(file.path, handle.read(HEAD))) is not None:
            return skip
        if before.st_size > MAX_BYTES:
            raise PhotoUnreadable("is larger than 1 GiB, too large to be a photo")
        handle.seek(0)
        data = handle.read()
        after = os.fstat(handle.fileno())
    if (after.st_size, after.st_mtime_ns) != (file.size, file.mtime_ns) or len(data) != file.size:
        # passing: it may come back with the size and time that it was found with
        reason = "changed while it was read; the next scan will take it"
        return Skip(file.path, reason, True, passing=True)
    return data
