"""What is known of a photo: its file, and what its bytes say."""

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoFile:
    """A regular file as it was found, before anything of it was read.

    Attributes:
        path: absolute, byte for byte as the system gave it (surrogateescape).
        size: in bytes.
        mtime_ns: time of the last change, in nanoseconds since 1970.
        device: number of the file system. With `inode` it tells hard links of one file.
        inode: number of the file on that file system.
    """

    path: Path
    size: int
    mtime_ns: int
    device: int
    inode: int

    @classmethod
    def seen(cls, path: Path, info: os.stat_result) -> "PhotoFile":
        """The file at `path` as `os.stat` or `os.lstat` has just seen it."""
        return cls(
            path=path,
            size=info.st_size,
            mtime_ns=info.st_mtime_ns,
            device=info.st_dev,
            inode=info.st_ino,
        )


@dataclass(frozen=True, slots=True)
class Skip:
    """A file or folder that was passed over, and why.

    Attributes:
        path: absolute, as found.
        reason: half a sentence that follows the path: "is a video, not a photo".
        problem: True where a photo may be behind it that a person would want to know
            of (broken, unreadable, a format without a decoder); False where passing it
            over is right (a video, a text, a link, a system folder).
        passing: True where another try may succeed although the file stays as it is (a
            bad cable, a missing permission).
    """

    path: Path
    reason: str
    problem: bool
    passing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """A photo that could be read.

    Attributes:
        file: where it lies.
        content: blake3 of its bytes (32 bytes). Equal content is the same file twice.
        width: in pixels, after EXIF orientation: as a person sees it.
        height: in pixels, likewise.
        format: the container by content, not by extension: "JPEG", "HEIF", "PNG", ...
        taken: wall-clock time at the camera (EXIF), without a zone; None if unknown.
        hard_links: further names of the very same file (same inode), sorted.
    """

    file: PhotoFile
    content: bytes
    width: int
    height: int
    format: str
    taken: datetime | None = None
    hard_links: tuple[Path, ...] = ()

    @property
    def path(self) -> Path:
        """Where it lies."""
        return self.file.path

    @property
    def pixels(self) -> int:
        """Width times height."""
        return self.width * self.height
