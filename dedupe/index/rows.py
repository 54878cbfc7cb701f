"""Photos, files and paths as rows of the index, and back, with their seals checked."""

import os
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from dedupe.index.seals import file_seal, photo_seal
from dedupe.photos.photo import Photo, PhotoFile

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

FILE_COLUMNS = "path, photo, size, mtime_ns, device, inode"
PHOTO_COLUMNS = (
    "content, width, height, format, taken, taken_from, camera, software, gps, latitude,"
    " longitude, orientation, frames, jpeg_quality, pixel_hash, reduced, dct_hash, thumbnail"
)
_UNSIGNED = (1 << 64) - 1
_DEGREE = 10_000_000

NEVER = -(1 << 63)
"""The moment of a photo of which none is known."""

_START, _MICROSECOND = datetime(1970, 1, 1), timedelta(microseconds=1)


class Seen(Protocol):
    """A file as `lstat` saw it: a PhotoFile, or what a walk yields."""

    @property
    def path(self) -> Path | str:
        """Absolute."""

    @property
    def size(self) -> int:
        """In bytes."""

    @property
    def mtime_ns(self) -> int:
        """Of the last change, since 1970."""

    @property
    def device(self) -> int:
        """Number of the file system."""

    @property
    def inode(self) -> int:
        """Number of the file on it."""


# of 20,000 photos by one camera, each has its name; one text for all of them saves 60 bytes each
Same = dict[str, str]


def file_row(file: Seen, photo: int) -> tuple[bytes | int, ...]:
    """FILE_COLUMNS and the seal of a file whose content is row `photo`."""
    columns = (
        os.fsencode(file.path),
        photo,
        file.size,
        file.mtime_ns,
        signed(file.device),
        signed(file.inode),
    )
    return *columns, file_seal(*columns)


def photo_row(number: int, photo: Photo, *, thumbnail: bool) -> tuple[bytes | int | str, ...]:
    """Number, PHOTO_COLUMNS and the seal of what is known of a content."""
    columns = (
        number,
        photo.content,
        photo.width,
        photo.height,
        utf8(photo.format),
        photo.taken.isoformat() if photo.taken else "",
        utf8(photo.taken_from),
        utf8(photo.camera),
        utf8(photo.software),
        int(photo.gps),
        *_ten_millionths(photo),
        photo.orientation,
        photo.frames,
        photo.jpeg_quality or 0,
        photo.pixel_hash,
        photo.reduced,
        photo.dct_hash,
        int(thumbnail),
    )
    return *columns, photo_seal(*columns)


def _ten_millionths(photo: Photo) -> tuple[int, int]:
    if photo.latitude is None or photo.longitude is None:
        return 0, 0
    return round(photo.latitude * _DEGREE), round(photo.longitude * _DEGREE)


def photo_of(
    file: Sequence[Any], facts: Sequence[Any], same: Same, links: tuple[Path, ...] = ()
) -> Photo:
    """The photo of a row of `files` (FILE_COLUMNS) and one of `photos` (PHOTO_COLUMNS).

    Args:
        file: as stored, its seal checked.
        facts: likewise.
        same: one for all photos of a reading; camera and format are shared through it.
        links: further names of the file.
    """
    path, _, size, mtime_ns, device, inode = file
    (
        content, width, height, kind, taken, taken_from, camera, software, gps, latitude,
        longitude, orientation, frames, quality, pixel_hash, reduced, dct_hash, _,
    ) = facts  # fmt: skip
    known = latitude or longitude
    return Photo(
        file=PhotoFile(
            path=Path(os.fsdecode(path)),
            size=size,
            mtime_ns=mtime_ns,
            device=device & _UNSIGNED,
            inode=inode & _UNSIGNED,
        ),
        content=content,
        width=width,
        height=height,
        format=same.setdefault(kind, kind),
        taken=time_of(taken),
        taken_from=same.setdefault(taken_from, taken_from),
        camera=same.setdefault(camera, camera),
        software=same.setdefault(software, software),
        gps=bool(gps),
        latitude=latitude / _DEGREE if known else None,
        longitude=longitude / _DEGREE if known else None,
        orientation=orientation,
        frames=frames,
        jpeg_quality=quality or None,
        pixel_hash=pixel_hash,
        reduced=reduced,
        dct_hash=dct_hash,
        hard_links=links,
    )


def time_of(taken: str) -> datetime | None:
    """When a photo was taken, as stored."""
    return datetime.fromisoformat(taken) if taken else None


def moment_of(taken: datetime | None) -> int:
    """Microseconds since 1970 on the camera's clock; `NEVER` where that is unknown."""
    return NEVER if taken is None else (taken - _START) // _MICROSECOND


def degrees_of(
    latitude: "npt.NDArray[np.int64]", longitude: "npt.NDArray[np.int64]"
) -> "npt.NDArray[np.float64]":
    """(N, 2) degrees north and east of what is stored; nan where it is unknown."""
    import numpy as np

    known = (latitude != 0) | (longitude != 0)
    both = np.stack([latitude, longitude], axis=1) / _DEGREE
    return np.where(known[:, None], both, np.nan)


def signed(number: int) -> int:
    """SQLite's integers are signed 64 bit; inode numbers of some systems are not."""
    return number - (1 << 64) if number >= 1 << 63 else number


def utf8(text: str) -> str:
    """What SQLite can keep: lone surrogates, of bytes that were no text, become escapes."""
    return text.encode("utf-8", "backslashreplace").decode()


def below(roots: Sequence[Path]) -> Callable[[bytes], bool]:
    """A test whether a path is one of `roots` or below one; always true where there are none."""
    exact = frozenset(map(os.fsencode, roots))
    starts = tuple(root.rstrip(b"/") + b"/" for root in exact)
    if not roots:
        return lambda path: True
    return lambda path: path.startswith(starts) or path in exact


def is_under(path: bytes, roots: Sequence[Path]) -> bool:
    """Whether a path is one of `roots` or below one; true where there are none."""
    return below(roots)(path)
