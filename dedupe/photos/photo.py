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
        taken_from: which field said so: "original", "digitised", or "" where none did.
        camera: maker and model, "Canon EOS 450D"; "" if unknown.
        software: what wrote the file last, by its own word; "" if unknown.
        gps: whether the place is in the file.
        latitude: degrees north, -90 to 90 (WGS 84), rounded to 7 digits, which is 1 cm; None
            if unknown.
        longitude: degrees east, -180 to 180, likewise; None where `latitude` is.
        orientation: EXIF 1 to 8, as it stands in the file; 1 is upright.
        frames: 1, or more of an animation or a document, of which the first was read.
        jpeg_quality: 1 to 100, estimated from the quantisation tables; None if no JPEG.
        pixel_hash: blake3 (32 bytes) of the upright pixels as decoded, with their mode,
            size, colour profile and `reduced`; b"" if not computed, as of a RAW, and of a
            file with more than 8 bits a channel of which the decoder leaves 8.
        reduced: 1 where `pixel_hash` is of every pixel; 2, 4 or 8 where the JPEG decoder
            shrank the picture by that on the way, and equal hashes are a hint, no proof.
        dct_hash: 32 bytes, 256 bits of the upright picture's lowest frequencies
            (`dct_hash.py`); b"" if not computed.
        hard_links: further names of the very same file (same inode), sorted.
    """

    file: PhotoFile
    content: bytes
    width: int
    height: int
    format: str
    taken: datetime | None = None
    taken_from: str = ""
    camera: str = ""
    software: str = ""
    gps: bool = False
    latitude: float | None = None
    longitude: float | None = None
    orientation: int = 1
    frames: int = 1
    jpeg_quality: int | None = None
    pixel_hash: bytes = b""
    reduced: int = 1
    dct_hash: bytes = b""
    hard_links: tuple[Path, ...] = ()

    def __hash__(self) -> int:
        # of all fields it takes 5 us, and sets and rules look photos up again and again
        return hash(self.content)

    @property
    def path(self) -> Path:
        """Where it lies."""
        return self.file.path

    @property
    def pixels(self) -> int:
        """Width times height."""
        return self.width * self.height
