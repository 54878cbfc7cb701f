"""From the bytes of a photo to the pixels an encoder looks at."""

import os
import stat
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
from blake3 import blake3
from PIL import ExifTags, Image, UnidentifiedImageError

from dedupe.errors import PhotoUnreadable
from dedupe.photos.discover import absolute
from dedupe.photos.metadata import capture_time
from dedupe.photos.photo import Photo, PhotoFile, Skip
from dedupe.photos.sniff import HEAD, sniff

# Part of every encoder's fingerprint: raise it when a photo's pixels come out differently.
DECODE_VERSION = 1

# Pillow tries only these, so that no EPS starts Ghostscript. MPO comes with JPEG.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF", "HEIF", "JPEG2000", "PPM")

# A 200 MP phone photo has 199.8; a bomb of 20 kB unfolds to billions.
MAX_PIXELS = 300_000_000
MAX_BYTES = 1 << 30

# Above this, only one photo at a time is unfolded, so that memory stays bounded by
# workers x 64 MP x 12 bytes + MAX_PIXELS x 12 bytes: a picture with transparency is held as
# RGBA twice, as RGB once and as its mask; all others as 3 or 4 bytes twice at most.
_LARGE_PIXELS = 64_000_000
_one_large_at_a_time = threading.Lock()

_DNG_VERSION = 50706  # TIFF tag: a RAW file whatever its name

# EXIF orientation to what turns it upright. ImageOps.exif_transpose does the same, but
# writes the EXIF block anew and fails on a damaged one.
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class Preparation(Protocol):
    """The part of an encoder that says what it wants to look at."""

    @property
    def resize(self) -> int:
        """Short side in pixels after resizing."""

    @property
    def crop(self) -> int:
        """Side in pixels of the square cut from the middle."""

    @property
    def interpolation(self) -> str:
        """ "bilinear" or "bicubic", antialiased."""

    @property
    def full_decode(self) -> bool:
        """Whether a JPEG is unfolded at full size, not at the next size down that serves."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One photo, read.

    Attributes:
        photo: what is known of it.
        pixels: (crop, crop, 3) uint8 RGB, or None where its content was known already.
    """

    photo: Photo
    pixels: npt.NDArray[np.uint8] | None


@contextmanager
def quiet_pillow() -> Iterator[None]:
    """Pillow without its own size limit (ours is stricter) and without its warnings.

    Both are settings of the whole process, so they hold for one scan or search and are
    put back after it.
    """
    limit = Image.MAX_IMAGE_PIXELS
    with warnings.catch_warnings():
        # broken EXIF is no news to a person with 50,000 photos; the photo itself is read
        warnings.filterwarnings("ignore", module=r"PIL\.|pillow_heif")
        Image.MAX_IMAGE_PIXELS = None
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = limit


def read_photo(
    file: PhotoFile, wants: Preparation, known: frozenset[bytes] | set[bytes] = frozenset()
) -> Reading | Skip:
    """Read, hash and decode one photo; whatever is wrong with it becomes a Skip.

    Args:
        file: as `discover` found it.
        wants: size and shape of the pixels, usually an Encoder.
        known: content hashes whose pixels nobody needs; they are not decoded.
    """
    try:
        data = _read(file)
        if isinstance(data, Skip):
            return data
        content = blake3(data).digest()
        if content in known:
            photo = Photo(file=file, content=content, width=0, height=0, format="")
            return Reading(photo, None)
        return decode(data, file, wants, content=content)
    except PhotoUnreadable as error:
        return Skip(file.path, str(error), True)
    except OSError as error:
        return Skip(file.path, f"cannot be read: {error.strerror or error}", True, passing=True)


def decode(
    data: bytes, file: PhotoFile, wants: Preparation, *, content: bytes | None = None
) -> Reading:
    """Turn the bytes of a photo into upright RGB pixels of the size an encoder wants.

    The first frame of an animation, over white where it is transparent, turned upright by
    its EXIF orientation, short side resized with antialiasing, square cut from the middle.
    The arithmetic of sizes is torchvision's (`Resize`, `CenterCrop`).

    Args:
        data: the whole file.
        file: where it lies; only recorded.
        wants: size and shape of the pixels.
        content: blake3 of `data`, where it was computed already.

    Raises:
        PhotoUnreadable: with half a sentence that follows the path.
    """
    from io import BytesIO

    _register_formats()
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as image:
            return _decode_opened(image, file, wants, content or blake3(data).digest())
    except PhotoUnreadable:
        raise
    except MemoryError as error:
        raise PhotoUnreadable("needs more memory than there is") from error
    except Exception as error:
        # decoders raise anything on hostile bytes: SyntaxError, struct.error, RuntimeError
        # and more were seen over 2,767 such files
        raise PhotoUnreadable(_broken(error)) from error


def _decode_opened(
    image: Image.Image, file: PhotoFile, wants: Preparation, content: bytes
) -> Reading:
    if image.width * image.height > MAX_PIXELS:
        raise PhotoUnreadable(
            f"unfolds to {image.width} x {image.height} pixels, more than the limit of "
            f"{MAX_PIXELS // 1_000_000} megapixels"
        )
    # TIFF-based RAW under another name: its first picture is only a thumbnail
    if image.format == "TIFF" and _DNG_VERSION in getattr(image, "tag_v2", ()):
        raise PhotoUnreadable("is camera RAW (DNG), which this version does not read")
    width, height = image.size
    image_format = image.format or ""
    if not wants.full_decode and image_format in ("JPEG", "MPO"):
        # decode at 1/2, 1/4 or 1/8, no smaller than twice what is wanted. Twice: a vector
        # moves by 3 % of the distance of unrelated photos (median), against 7 % at once the
        # size, and takes 1.2 x the time. Not HEIF: newer pillow-heif then takes a thumbnail
        # that lies in the file, which may show another picture.
        image.draft("RGB", (2 * wants.resize, 2 * wants.resize))
    with _one_large_at_a_time if image.width * image.height > _LARGE_PIXELS else nullcontext():
        # before the header is asked: a TIFF turns itself upright here, and a PNG may keep its
        # header behind its pixels
        image.load()
        orientation, taken = _header(image)
        upright = _to_rgb(image)
        if orientation in _UPRIGHT:
            upright = upright.transpose(_UPRIGHT[orientation])
        pixels = _resize_and_crop(upright, wants)
    if orientation >= 5:
        width, height = height, width
    photo = Photo(
        file=file,
        content=content,
        width=width,
        height=height,
        format=image_format,
        taken=taken,
    )
    return Reading(photo, pixels)


def _read(file: PhotoFile) -> bytes | Skip:
    """The whole file, if its first bytes are those of a photo."""
    # neither a pipe nor a link that took the file's place since it was found is opened
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)
    flags |= getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(file.path, flags), "rb") as handle:
        before = os.fstat(handle.fileno())
        if not stat.S_ISREG(before.st_mode):
            return Skip(file.path, "is no longer a regular file", True, passing=True)
        head = handle.read(HEAD)
        if (skip := sniff(file.path, head)) is not None:
            return skip
        if before.st_size > MAX_BYTES:
            raise PhotoUnreadable("is larger than 1 GiB, too large to be a photo")
        data = head + handle.read()
        after = os.fstat(handle.fileno())
    if (after.st_size, after.st_mtime_ns) != (file.size, file.mtime_ns) or len(data) != file.size:
        # passing: it may come back with the size and time that it was found with
        reason = "changed while it was read; the next scan will take it"
        return Skip(file.path, reason, True, passing=True)
    return data


def _header(image: Image.Image) -> tuple[int, datetime | None]:
    """EXIF orientation (1 to 8; 1 is upright) and capture time."""
    orientation = 1
    try:
        exif = image.getexif()
        found = exif.get(ExifTags.Base.Orientation)
        orientation = found if found in _UPRIGHT else 1
        return orientation, capture_time(exif)
    except Exception:  # noqa: BLE001 - as in decode(): a damaged EXIF block raises anything,
        # and costs the photo its date, not its place
        return orientation, None


@cache
def _register_formats() -> None:
    import pillow_heif

    Image.init()  # else an allow-list that names a plugin not yet loaded is a KeyError
    pillow_heif.register_heif_opener()


def _to_rgb(image: Image.Image) -> Image.Image:
    """8-bit RGB, over white where the picture is transparent."""
    if image.mode.startswith("I") or image.mode == "F":
        image = _to_8_bit(image)
    if image.has_transparency_data:
        # convert("RGB") would show what hides behind transparency, mostly black
        rgba = image.convert("RGBA")
        flat = Image.new("RGB", rgba.size, "white")
        flat.paste(rgba, mask=rgba.getchannel("A"))
        return flat
    return image.convert("RGB")


def _to_8_bit(image: Image.Image) -> Image.Image:
    """Grey of 16, 32 or float bits; Pillow's own convert() clips it to white.

    No header says where white is: it is taken to lie at 1 (float only), 255, 65535 or at the
    brightest pixel, the first of these that is no darker than that.
    """
    values = np.asarray(image).astype(np.float32)
    if not np.isfinite(values).all():
        raise PhotoUnreadable("has pixels that are no numbers")
    top = float(values.max(initial=0.0))
    whites = (1.0, 255.0, 65535.0) if image.mode == "F" else (255.0, 65535.0)
    scale = 255 / next((white for white in whites if top <= white), top)
    return Image.fromarray(np.clip(values * scale, 0, 255).round().astype(np.uint8))


def _resize_and_crop(image: Image.Image, wants: Preparation) -> npt.NDArray[np.uint8]:
    """(crop, crop, 3) uint8, the middle of the picture."""
    width, height = image.size
    short, long = sorted(image.size)
    if long > 8 * short:
        # a strip: only its middle is looked at, and resizing all of a 1 x 10,000 pixel
        # picture to a short side of 256 would make 655 megapixels of it
        half = 4 * short
        middle = (width // 2 - half, 0, width // 2 + half, height)
        if height > width:
            middle = (0, height // 2 - half, width, height // 2 + half)
        image = image.crop(middle)
        width, height = image.size
        short, long = sorted(image.size)
    side = int(wants.resize * long / short)
    size = (wants.resize, side) if width <= height else (side, wants.resize)
    filters = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}
    image = image.resize(size, filters[wants.interpolation])
    left = round((image.width - wants.crop) / 2)
    top = round((image.height - wants.crop) / 2)
    return np.asarray(image.crop((left, top, left + wants.crop, top + wants.crop)))


def _broken(error: Exception) -> str:
    said = " ".join(str(error).split())[:120]
    if isinstance(error, UnidentifiedImageError) or not said:
        said = "no decoder knows its bytes"
    return f"is broken, or of a kind that cannot be decoded ({said})"


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
