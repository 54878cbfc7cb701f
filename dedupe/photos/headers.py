"""The first bytes of files beside a photo: when and by what camera, and which belong together."""

import os
import re
import stat
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from PIL import ExifTags, Image

from dedupe.photos.damaged import unless_damaged
from dedupe.photos.metadata import read_metadata
from dedupe.photos.photo import PhotoFile
from dedupe.photos.quicktime import content_identifier
from dedupe.photos.quiet import quiet_pillow
from dedupe.photos.raw import raw_header
from dedupe.photos.shots import is_raw
from dedupe.photos.takeout import MOST_BYTES

_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_BINARY", 0)
)
# Where a RAW's header lies; and a HEIF is read as a whole.
_HEAD, _MOST = 1 << 20, 1 << 28
_IDENTIFIER = 0x0011  # of Apple's MakerNote: ContentIdentifier, by ExifTool's table
_TIME = re.compile(
    rb"(?:exif:DateTimeOriginal|photoshop:DateCreated)(?:\s*=\s*[\"']|>)"
    rb"(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?)"
)
_EXTENSION = re.compile(rb"photoshop:SidecarForExtension(?:\s*=\s*[\"']|>)\s*([A-Za-z0-9]{1,8})")
_MOTION = re.compile(rb"(?:GCamera|Camera):(?:MotionPhoto|MicroVideo)(?:\s*=\s*[\"']|>)\s*1")


@dataclass(frozen=True, slots=True)
class Header:
    """What the header of a photo says, as far as it tells what belongs to it.

    Attributes:
        path: where it lies.
        taken: wall-clock time at the camera; None if unknown.
        camera: maker and model; "" if unknown.
        identifier: what a Live Photo's still shares with its video; "" if it has none.
        motion: whether a short video is in the file itself.
    """

    path: Path
    taken: datetime | None = None
    camera: str = ""
    identifier: str = ""
    motion: bool = False


def read_header(path: Path) -> Header:
    """Look at the header of a photo. Never raises: what cannot be read says nothing."""
    with quiet_pillow():
        return unless_damaged(lambda: _header(path), Header(path))


def read_motion(file: PhotoFile) -> bool | None:
    """Whether a short video is in a photo's own file; None where that cannot be told.

    Args:
        file: as it was found; of one that changed since then nothing is told.
    """

    def read() -> bool | None:
        motion, now = _header(file.path).motion, file.path.lstat()
        is_same = (now.st_size, now.st_mtime_ns) == (file.size, file.mtime_ns)
        return motion if is_same else None

    with quiet_pillow():
        return unless_damaged(read, None)


def video_identifier(path: Path) -> str:
    """The content identifier of a video; "" where it has none or cannot be read."""

    def read() -> str:
        with _opened(path) as file:
            return content_identifier(file)

    return unless_damaged(read, "")


def is_video(path: Path) -> bool:
    """Whether a file begins as MP4 and QuickTime do."""

    def read() -> bool:
        with _opened(path) as file:
            return file.read(8)[4:] in (b"ftyp", b"moov", b"wide", b"mdat", b"free", b"skip")

    return unless_damaged(read, False)


def xmp_facts(path: Path) -> tuple[datetime | None, str]:
    """Capture time and extension of the photo that an XMP sidecar says it is for.

    Returns:
        None and "" where it does not say so. The text is searched, never parsed: it may be of
        any size and make.
    """
    data = read_text(path)
    when, extension = _TIME.search(data), _EXTENSION.search(data)
    taken = unless_damaged(lambda: datetime.fromisoformat(when[1].decode()) if when else None, None)
    return taken, extension[1].decode().lower() if extension else ""


def read_text(path: Path) -> bytes:
    """The bytes of a small file; none where it has more than 1 MiB or cannot be read."""

    def read() -> bytes:
        with _opened(path) as file:
            data = file.read(MOST_BYTES + 1)
        return data if len(data) <= MOST_BYTES else b""

    return unless_damaged(read, b"")


def apple_identifier(note: bytes) -> str:
    """The content identifier in Apple's MakerNote; "" where there is none.

    "Apple iOS", two bytes of version and "MM", then a TIFF directory whose offsets count from
    the beginning of the note.
    """
    if not note.startswith(b"Apple iOS\0"):
        return ""
    order = "little" if note[12:14] == b"II" else "big"

    def number(at: int, length: int) -> int:
        return int.from_bytes(note[at : at + length], order)  # type: ignore[arg-type]

    for entry in range(min(number(14, 2), 500)):
        at = 16 + 12 * entry
        if number(at, 2) == _IDENTIFIER and number(at + 2, 2) == 2:
            begin = number(at + 8, 4)
            text = note[begin : begin + min(number(at + 4, 4), 100)]
            return text.split(b"\0")[0].decode("ascii", "replace")
    return ""


def _header(path: Path) -> Header:
    with _opened(path) as file:
        if is_raw(path):
            return _told(path, _raw(file.read(_HEAD)), b"")
        if os.fstat(file.fileno()).st_size > _MOST:
            return Header(path)
        if path.suffix.lower() in (".heic", ".heif", ".hif"):
            import pillow_heif

            opened: Any = pillow_heif.HeifImageFile  # has no types
            image: Image.Image = opened(BytesIO(file.read()))
        else:
            image = Image.open(file, formats=("JPEG", "MPO", "PNG", "WEBP", "TIFF"))
        with image:
            xmp = image.info.get("xmp", b"")
            return _told(path, image.getexif(), xmp if isinstance(xmp, bytes) else b"")


def _raw(head: bytes) -> Image.Exif:
    if head.startswith(b"FUJIFILMCCD-RAW"):  # carries a JPEG with its header
        at = int.from_bytes(head[84:88], "big")
        with Image.open(BytesIO(head[at:]), formats=("JPEG",)) as preview:
            return preview.getexif()
    return raw_header(head)


def _told(path: Path, exif: Image.Exif, xmp: bytes) -> Header:
    known = read_metadata(exif)
    note = unless_damaged(lambda: exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.MakerNote], None)
    return Header(
        path,
        taken=known.taken,
        camera=known.camera,
        identifier=apple_identifier(note) if isinstance(note, bytes) else "",
        motion=_MOTION.search(xmp[:_HEAD]) is not None,
    )


def _opened(path: Path) -> BinaryIO:
    """A regular file; neither a link nor a pipe is opened, or waited for."""
    file = os.fdopen(os.open(path, _FLAGS), "rb")
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(f"{path} is no regular file")
    return file
