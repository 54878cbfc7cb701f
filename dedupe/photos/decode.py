"""From the bytes of a photo to all that is computed of it, by one decoding."""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from io import BytesIO
from typing import TYPE_CHECKING

from blake3 import blake3
from PIL import Image, UnidentifiedImageError

from dedupe.errors import PhotoUnreadable
from dedupe.photos.colour import to_srgb
from dedupe.photos.damaged import unless_damaged
from dedupe.photos.jpeg_quality import estimate_quality, luminance_steps
from dedupe.photos.metadata import Metadata, read_metadata, read_said_size
from dedupe.photos.photo import Photo, PhotoFile
from dedupe.photos.pixels import (
    THUMBNAIL,
    UPRIGHT,
    Preparation,
    crop_pixels,
    flat,
    grey,
    jpeg,
    loses_bits,
    pixel_hash,
    shrunk,
    small_picture,
)
from dedupe.photos.raw import RawPicture, open_raw
from dedupe.photos.sniff import HEAD, raw_kind

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

# Pillow tries only these, so that no EPS starts Ghostscript. MPO comes with JPEG.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF", "HEIF", "JPEG2000", "PPM")
_PLUGINS = ("Jpeg", "Mpo", "Png", "WebP", "Gif", "Tiff", "Bmp", "Avif", "Jpeg2K", "Ppm")

# A 200 MP phone photo has 199.8; a bomb of 20 kB unfolds to billions.
MAX_PIXELS = 300_000_000

# Above this, only one photo at a time is unfolded, so that memory stays bounded by
# workers x 64 MP x 12 bytes + MAX_PIXELS x 12 bytes: a picture with transparency is held as
# RGBA twice, as RGB once and as its mask; all others as 3 or 4 bytes twice at most.
_LARGE_PIXELS = 64_000_000
ONE_LARGE_AT_A_TIME = threading.Lock()

# The JPEG decoder may shrink to no less than this many times what the encoder wants to see.
# 1.25 lets it take a 12 MP photo at 1/8: 1.14 x the time of that alone, against 1.37 x at no
# less than twice. The vector moves by 5 % of the distance of unrelated photos (median; largest
# 16 %), against 3 % (7 %): see docs/decisions/0003.
_DRAFT = 1.25

_WHOLE = 1 << 30  # more bytes than any photo has
_DNG_VERSION = 50706  # TIFF tag: a RAW file whatever its name


@dataclass(frozen=True, slots=True)
class Wants:
    """A Preparation by itself: what a process that decodes has to know of an encoder."""

    resize: int
    crop: int
    interpolation: str
    full_decode: bool

    @classmethod
    def of(cls, encoder: Preparation) -> "Wants":
        """What `encoder` wants."""
        return cls(encoder.resize, encoder.crop, encoder.interpolation, encoder.full_decode)


@dataclass(frozen=True, slots=True)
class Reading:
    """One photo, read.

    Attributes:
        photo: what is known of it; `dct_hash` is still to be computed from `grey`.
        pixels: crop * crop * 3 bytes of RGB, or None where its content was known already.
        thumbnail: a small JPEG of the whole upright picture, or None if not asked for.
        grey: what `dct_hashes` takes; b"" where its content was known already.
    """

    photo: Photo
    pixels: bytes | None
    thumbnail: bytes | None = None
    grey: bytes = b""

    @property
    def array(self) -> "npt.NDArray[np.uint8]":
        """(crop, crop, 3) uint8 RGB."""
        import numpy as np  # here: a worker that only decodes starts in half the time

        flat = np.frombuffer(self.pixels or b"", np.uint8)
        side = round((flat.size / 3) ** 0.5)
        return flat.reshape(side, side, 3)


def decode(
    data: bytes,
    file: PhotoFile,
    wants: Preparation,
    *,
    content: bytes | None = None,
    thumbnail: bool = True,
    alone: AbstractContextManager[object] = ONE_LARGE_AT_A_TIME,
) -> Reading:
    """Turn the bytes of a photo into upright RGB pixels of the size an encoder wants.

    The first frame of an animation, turned upright by its EXIF orientation, over white where
    it is transparent, short side resized with antialiasing, in sRGB, square cut from the
    middle. The arithmetic of sizes is torchvision's (`Resize`, `CenterCrop`). A JPEG is
    decoded at 1/2, 1/4 or 1/8 where that serves. The hash of the pixels, the thumbnail and
    the grey picture come from the same decoding.

    Args:
        data: the whole file.
        file: where it lies; its name tells RAW files from other TIFFs.
        wants: size and shape of the pixels.
        content: blake3 of `data`, where it was computed already.
        thumbnail: whether a small JPEG of it is made.
        alone: held while a very large picture is unfolded.

    Raises:
        PhotoUnreadable: with half a sentence that follows the path.
    """
    content = content or blake3(data).digest()
    with _opened(data, file) as (image, raw):
        if raw is not None:
            return _decode_raw(raw, file, wants, content, thumbnail, alone)
        return _decode_opened(image, file, wants, content, thumbnail, alone)


def decode_picture(
    data: bytes,
    file: PhotoFile,
    side: int,
    *,
    alone: AbstractContextManager[object] = ONE_LARGE_AT_A_TIME,
) -> Image.Image:
    """Turn the bytes of a photo into all of its picture, as `decode` sees it, but small.

    Args:
        data: the whole file.
        file: where it lies; its name tells RAW files from other TIFFs.
        side: of the long side in pixels, at most; never enlarged.
        alone: held while a very large picture is unfolded.

    Returns:
        RGB in sRGB, upright, over white where it was transparent.

    Raises:
        PhotoUnreadable: with half a sentence that follows the path.
    """
    with _opened(data, file) as (image, raw):
        _refuse_bombs(image)
        if image.format in ("JPEG", "MPO"):
            image.draft("RGB", (side, side))
        with alone if image.width * image.height > _LARGE_PIXELS else nullcontext():
            image.load()
            turn = _turn(image, _header(image)) if raw is None else raw.orientation
            picture = flat(image.transpose(UPRIGHT[turn]) if turn in UPRIGHT else image)
            picture.thumbnail((side, side), Image.Resampling.LANCZOS)
        return to_srgb(picture, image.info.get("icc_profile"))


def decode_luminance(data: bytes, file: PhotoFile) -> tuple[Image.Image, tuple[int, ...]]:
    """Turn the bytes of a photo into how bright each of its pixels is, upright, at full size.

    Returns:
        A picture in mode L, and the steps of a JPEG (`luminance_steps`) where its blocks begin
        at the upper left corner; else ().

    Raises:
        PhotoUnreadable: with half a sentence that follows the path.
    """
    with _opened(data, file) as (image, raw):
        _refuse_bombs(image)
        if raw is not None:
            raise PhotoUnreadable("is a camera's RAW: its preview has pixels of its own")
        tables = getattr(image, "quantization", None) or {}
        whole = image.width % 8 == image.height % 8 == 0
        image.draft("L", image.size)  # a JPEG's own luminance, not rounded to RGB in between
        with ONE_LARGE_AT_A_TIME if image.width * image.height > _LARGE_PIXELS else nullcontext():
            image.load()
            turn = _turn(image, _header(image))
            bright = flat(image.transpose(UPRIGHT[turn]) if turn in UPRIGHT else image)
    return bright.convert("L"), luminance_steps(tables, turn) if whole or turn == 1 else ()


def said_size(data: bytes, file: PhotoFile) -> tuple[int, int] | None:
    """The width and height in pixels that the header of a photo says; no pixel is unfolded.

    Raises:
        PhotoUnreadable: with half a sentence that follows the path.
    """
    with _opened(data, file) as (image, raw):
        return read_said_size(image.getexif()) if raw is None else None


@contextmanager
def _opened(data: bytes, file: PhotoFile) -> Iterator[tuple[Image.Image, RawPicture | None]]:
    """The picture in a file, not yet unfolded, and where it is a camera's RAW, what that says.

    Raises:
        PhotoUnreadable: for whatever a decoder raises, here or inside.
    """
    try:
        if raw_kind(file.path, data[:HEAD]) is None:
            _register_formats(data[:HEAD])
            with Image.open(BytesIO(data), formats=_formats()) as image:
                # TIFF-based RAW under another name: its first picture is only a thumbnail
                if image.format != "TIFF" or _DNG_VERSION not in getattr(image, "tag_v2", ()):
                    yield image, None
                    return
        raw = open_raw(data)
        yield raw.image, raw
    except PhotoUnreadable:
        raise
    except MemoryError as error:
        raise PhotoUnreadable("needs more memory than it may have to be decoded") from error
    except Exception as error:
        # decoders raise anything on hostile bytes: SyntaxError, struct.error, RuntimeError
        # and more were seen over 2,767 such files
        raise PhotoUnreadable(_broken(error)) from error


def _decode_raw(
    raw: RawPicture,
    file: PhotoFile,
    wants: Preparation,
    content: bytes,
    thumbnail: bool,
    alone: AbstractContextManager[object],
) -> Reading:
    """A camera's RAW: the preview that it carries, or a quick development."""
    reading = _decode_opened(
        raw.image, file, wants, content, thumbnail, alone, orientation=raw.orientation
    )
    # of the preview's pixels and quality nothing follows for the RAW's own
    photo = replace(
        reading.photo,
        width=raw.width,
        height=raw.height,
        format=raw.format,
        jpeg_quality=None,
        pixel_hash=b"",
    )
    return replace(reading, photo=photo)


def _decode_opened(
    image: Image.Image,
    file: PhotoFile,
    wants: Preparation,
    content: bytes,
    thumbnail: bool,
    alone: AbstractContextManager[object],
    *,
    orientation: int | None = None,
) -> Reading:
    _refuse_bombs(image)
    width, height = image.size
    image_format = image.format or ""
    is_jpeg = image_format in ("JPEG", "MPO")
    quality = estimate_quality(getattr(image, "quantization", None) or {}) if is_jpeg else None
    frames = 1 if is_jpeg else _frames(image)
    if is_jpeg:
        if not wants.full_decode:
            # not for HEIF: pillow-heif then takes a thumbnail that lies in the file, which
            # may show another picture
            least = max(round(_DRAFT * wants.resize), THUMBNAIL)
            image.draft("RGB", (least, least))
        # in one piece: fed 64 kB at a time, as by default, decoding takes 1.07 x the time
        image.decodermaxblock = _WHOLE  # type: ignore[attr-defined]
    reduced = max(1, round(width / image.width))
    is_partly = loses_bits(image)
    with alone if image.width * image.height > _LARGE_PIXELS else nullcontext():
        # before the header is asked: a TIFF turns itself upright here, and a PNG may keep its
        # header behind its pixels
        image.load()
        said = _header(image)
        turn = _turn(image, said) if orientation is None else orientation
        profile = image.info.get("icc_profile")
        upright = image.transpose(UPRIGHT[turn]) if turn in UPRIGHT else image
        hashed = b"" if is_partly else pixel_hash(upright, profile, reduced)
        picture = flat(upright)
        if not wants.full_decode:
            picture = shrunk(picture, 2 * max(wants.resize, THUMBNAIL))
        exact = picture.width * picture.height == width * height
        pixels = crop_pixels(picture, wants, profile, exact=exact)
        small = small_picture(picture, profile)
    if turn >= 5:
        width, height = height, width
    photo = Photo(
        file=file,
        content=content,
        width=width,
        height=height,
        format=image_format,
        taken=said.taken,
        taken_from=said.taken_from,
        camera=said.camera,
        software=said.software,
        gps=said.gps,
        latitude=said.latitude,
        longitude=said.longitude,
        orientation=turn,
        frames=frames,
        jpeg_quality=quality,
        pixel_hash=hashed,
        reduced=reduced,
    )
    return Reading(photo, pixels, jpeg(small) if thumbnail else None, grey(small))


def _refuse_bombs(image: Image.Image) -> None:
    if image.width * image.height > MAX_PIXELS:
        raise PhotoUnreadable(
            f"unfolds to {image.width} x {image.height} pixels, more than the limit of "
            f"{MAX_PIXELS // 1_000_000} megapixels"
        )


def _header(image: Image.Image) -> Metadata:
    return unless_damaged(lambda: read_metadata(image.getexif()), Metadata())


def _turn(image: Image.Image, said: Metadata) -> int:
    """The EXIF orientation that is still to be applied."""
    # libjxl has turned the picture already, but for a JPEG that was repacked as JPEG XL
    if image.format == "JXL" and not getattr(image, "jpeg", False):
        return 1
    return said.orientation


def _frames(image: Image.Image) -> int:
    # a later frame may be broken, while only the first is looked at
    return unless_damaged(lambda: int(getattr(image, "n_frames", 1)), 1)


def _register_formats(head: bytes) -> None:
    _pillow_formats()
    if head[4:8] == b"ftyp":
        _register_heif()
    if head.startswith((b"\xff\x0a", b"\0\0\0\x0cJXL ")):
        _register_jpeg_xl()


@cache
def _pillow_formats() -> None:
    # an allow-list that names a plugin not yet loaded is a KeyError; Image.init() would load
    # forty, 0.1 s in every process that decodes
    for plugin in _PLUGINS:
        import_module(f"PIL.{plugin}ImagePlugin")


@cache
def _register_heif() -> None:
    import pillow_heif

    # several photos are decoded at once; each in threads of its own would be four times as many
    pillow_heif.register_heif_opener(decode_threads=1)


@cache
def _register_jpeg_xl() -> None:
    import pillow_jxl  # noqa: F401 - sniff lets JPEG XL through only where this is installed


def _formats() -> tuple[str, ...]:
    """FORMATS, as far as a decoder for them is registered."""
    return tuple(name for name in (*FORMATS, "JXL") if name in Image.OPEN)


def _broken(error: Exception) -> str:
    said = " ".join(str(error).split())[:120]
    if isinstance(error, UnidentifiedImageError) or not said:
        said = "no decoder knows its bytes"
    return (
        f"is broken, or of a kind that cannot be decoded ({said}); "
        "if another program shows it, export it as JPEG or PNG"
    )
