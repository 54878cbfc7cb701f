"""Camera RAW: the preview that it carries, else a quick development of its pixels."""

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import ExifTags, Image

from dedupe.errors import PhotoUnreadable
from dedupe.photos.damaged import unless_damaged
from dedupe.photos.sniff import HEAD, raw_kind, raw_refusal

if TYPE_CHECKING:
    import rawpy

# pixels of the short side: thumbnails have 120 or 160, previews 424 and more. What has less
# than a thumbnail shows nothing at all.
_SMALLEST, _USELESS = 320, 96
_MAX_PIXELS = 300_000_000  # as for all other photos; LibRaw takes 6 bytes a pixel to develop

# dcraw's flip to EXIF orientation; it knows no mirroring
_TURNS = {0: 1, 3: 3, 5: 8, 6: 6}
_TURNED_BY_90 = (5, 6, 7, 8)

# whose RAW files have no magic of their own: they are TIFFs, and the maker's name is in them
_MAKERS = {
    "nikon": "NEF",
    "sony": "ARW",
    "pentax": "PEF",
    "ricoh": "DNG",
    "samsung": "SRW",
    "hasselblad": "3FR",
    "phase": "IIQ",
}
_BASE, _DETAILS = ExifTags.Base, ExifTags.IFD.Exif
_TELLING = (_BASE.Make, _BASE.Model, _BASE.Software)


@dataclass(frozen=True)
class RawPicture:
    """What there is to look at in a RAW file.

    Attributes:
        image: the embedded JPEG, opened but not loaded, so that `draft` may shrink it; or an
            8-bit RGB picture in sRGB of half the size, developed. `image.getexif()` says
            what the RAW's own header says of camera, time and place.
        width: of the whole photo in pixels, upright.
        height: likewise.
        orientation: EXIF 1 to 8, what turns `image` upright.
        format: "CR2", "NEF", "DNG", ..., or "RAW" where the bytes do not say it.
    """

    image: Image.Image
    width: int
    height: int
    orientation: int
    format: str


def open_raw(data: bytes) -> RawPicture:
    """Open the embedded preview of a camera's RAW file, or develop it where there is none.

    A preview of less than 320 pixels is taken only where the RAW cannot be developed. It is
    turned once: by its own EXIF block if it has one, else as the camera lay, and in no way
    that would make a landscape of what the RAW says is a portrait.

    Args:
        data: the whole file.

    Raises:
        PhotoUnreadable: rawpy is not installed, LibRaw does not know the camera, or the file
            is broken.
    """
    header = raw_header(data)
    kind = _kind(data, header)
    try:
        import rawpy
    except ImportError as error:
        raise PhotoUnreadable(raw_refusal(kind)) from error

    raw = rawpy.RawPy()
    try:
        raw.open_buffer(BytesIO(data))
        return _picture(raw, header, kind, len(data))
    except rawpy.LibRawFileUnsupportedError as error:
        version = ".".join(str(part) for part in rawpy.libraw_version)
        raise PhotoUnreadable(
            f"is camera RAW ({kind}) that LibRaw {version} does not know, or broken; export it "
            "as JPEG or DNG to have it compared"
        ) from error
    except (rawpy.LibRawTooBigError, rawpy.LibRawUnsufficientMemoryError) as error:
        raise PhotoUnreadable(f"is camera RAW ({kind}), too large to be developed") from error
    except (rawpy.LibRawError, rawpy.NotSupportedError, ValueError) as error:
        raise PhotoUnreadable(
            f"is camera RAW ({kind}), but broken: it has neither a preview nor pixels that can "
            f"be read ({_said(error)})"
        ) from error
    finally:
        raw.close()


def _picture(raw: "rawpy.RawPy", header: Image.Exif, kind: str, length: int) -> RawPicture:
    import rawpy

    sizes = raw.sizes
    # the crop is what the camera's own JPEG shows, without the rim that interpolation needs
    width, height = sizes.crop_width, sizes.crop_height
    if not (0 < width <= sizes.width and 0 < height <= sizes.height):
        width, height = sizes.width, sizes.height
    turn = _TURNS.get(sizes.flip, 1)
    if turn in _TURNED_BY_90:
        width, height = height, width

    image = _preview(raw)
    if image is None or min(image.size) < _SMALLEST:
        try:
            image = _developed(raw, kind, length)
        except (rawpy.LibRawError, rawpy.NotSupportedError, ValueError):
            if image is None or min(image.size) < _USELESS:
                raise
    else:
        turn = _turn_of_preview(image, turn, upright=(width, height))
    _tell(image.getexif(), header, turn)
    return RawPicture(image, width, height, turn, kind)


def _preview(raw: "rawpy.RawPy") -> Image.Image | None:
    """The largest picture that lies in the file, not loaded, or None."""
    import rawpy

    try:
        found = raw.extract_thumb()
        if isinstance(found.data, bytes):
            return Image.open(BytesIO(found.data), formats=("JPEG",))
        return Image.fromarray(found.data)
    except (rawpy.LibRawError, rawpy.NotSupportedError, OSError, SyntaxError, ValueError):
        return None


def _developed(raw: "rawpy.RawPy", kind: str, length: int) -> Image.Image:
    """The RAW's own pixels, not turned, each of 2 x 2 sensor cells.

    Raises:
        PhotoUnreadable: it is too large.
        ValueError: the file is cut off: LibRaw fills up what it lacks.
    """
    # half a bit for a pixel: lossless compression of a black picture takes one
    if length < raw.sizes.raw_width * raw.sizes.raw_height // 16:
        raise ValueError("it is cut off")
    if raw.sizes.raw_width * raw.sizes.raw_height > _MAX_PIXELS:
        raise PhotoUnreadable(
            f"is camera RAW ({kind}) of {raw.sizes.raw_width} x {raw.sizes.raw_height} pixels, "
            f"more than the limit of {_MAX_PIXELS // 1_000_000} megapixels"
        )
    image = Image.fromarray(
        raw.postprocess(half_size=True, use_camera_wb=True, output_bps=8, user_flip=0)
    )
    if all(darkest == brightest for darkest, brightest in _extrema(image)):
        raise ValueError("all its pixels are equal")
    return image.convert("RGB")


def _extrema(image: Image.Image) -> Iterator[tuple[float, float]]:
    return (band.getextrema() for band in image.split())  # type: ignore[misc]


def _turn_of_preview(image: Image.Image, camera: int, *, upright: tuple[int, int]) -> int:
    """The EXIF orientation that is still to be applied to a preview.

    Some cameras store it as the sensor saw it, some turned, some with the orientation in its
    own EXIF block, and some of these both turned and with the orientation.

    Args:
        image: the preview as it lies in the file.
        camera: the orientation of the RAW itself.
        upright: width and height of the upright RAW.
    """
    own = image.getexif().get(_BASE.Orientation, 0)
    choices = [int(own)] if own in range(1, 9) else []
    for turn in [*choices, camera, 1]:
        size = image.size[::-1] if turn in _TURNED_BY_90 else image.size
        if _lies(size) * _lies(upright) >= 0:
            return turn
    return camera


def _lies(size: tuple[int, int]) -> int:
    """1 for a landscape, -1 for a portrait, 0 for what is nearly square and could be both."""
    width, height = size
    return (width > 1.05 * height) - (height > 1.05 * width)


def raw_header(data: bytes) -> Image.Exif:
    """The RAW's own EXIF block, as far as it can be read; empty where it cannot."""
    return unless_damaged(lambda: _load(data), Image.Exif())


def _load(data: bytes) -> Image.Exif:
    exif = Image.Exif()
    if data[4:11] == b"ftypcrx":
        _load_cr3(exif, data)
    elif data[:3] in (b"IIR", b"IIU"):  # Olympus, Panasonic: TIFF but for two bytes
        exif.load(b"Exif\0\0II*\0" + data[4:])
    elif data[:2] in (b"II", b"MM"):
        exif.load_from_fp(BytesIO(data))
    return exif


def _load_cr3(exif: Image.Exif, data: bytes) -> None:
    """Canon's boxes CMT1 (camera), CMT2 (exposure) and CMT4 (place), each a TIFF."""
    for name, inside in ((b"CMT1", None), (b"CMT2", _DETAILS), (b"CMT4", ExifTags.IFD.GPSInfo)):
        at = data.find(name, 0, 1 << 20)
        if at < 4:
            continue
        block = Image.Exif()
        block.load(b"Exif\0\0" + data[at + 4 : at - 4 + int.from_bytes(data[at - 4 : at])])
        (exif if inside is None else exif.get_ifd(inside)).update(dict(block))


def _kind(data: bytes, header: Image.Exif) -> str:
    by_magic = raw_kind(Path(), data[:HEAD])
    if by_magic is not None:
        return by_magic
    if unless_damaged(lambda: _BASE.DNGVersion in header, False):
        return "DNG"
    maker = unless_damaged(lambda: str(header.get(_BASE.Make, "")), "").split()
    return _MAKERS.get(maker[0].casefold(), "RAW") if maker else "RAW"


def _tell(exif: Image.Exif, header: Image.Exif, turn: int) -> None:
    """Put what the RAW's own header says into that of the picture, where it says it.

    LibRaw makes a header for previews that have none: it names dcraw as the software and
    lacks the time of exposure.
    """
    if str(exif.get(_BASE.Software, "")).startswith("dcraw"):
        del exif[_BASE.Software]
    unless_damaged(lambda: _copy(exif, header), None)
    exif[_BASE.Orientation] = turn


def _copy(exif: Image.Exif, header: Image.Exif) -> None:
    for tag in _TELLING:
        if tag in header:
            exif[tag] = header[tag]
    for block in (_DETAILS, ExifTags.IFD.GPSInfo):
        exif.get_ifd(block).update(header.get_ifd(block))


def _said(error: Exception) -> str:
    words = error.args[0] if error.args else ""
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
    return " ".join(text.split())[:100] or type(error).__name__
