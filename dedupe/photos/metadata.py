"""What a photo's header says: when, with what camera, where, by which program, which way up."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from PIL import ExifTags, Image

from dedupe.photos.damaged import unless_damaged

# CIPA DC-008 (Exif 2.32): the moment of exposure, else of digitising. DateTime (0x0132)
# is not asked: editors set it to the time of saving.
_WHEN = (
    ("original", ExifTags.Base.DateTimeOriginal, ExifTags.Base.SubsecTimeOriginal),
    ("digitised", ExifTags.Base.DateTimeDigitized, ExifTags.Base.SubsecTimeDigitized),
)
_LONGEST = 100  # characters of a text that are kept; the longest real model name seen has 49

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Metadata:
    """What the EXIF block of a photo says, each field by itself.

    Attributes:
        taken: wall-clock time at the camera, without a zone; None if unknown.
        taken_from: which field said so: "original", "digitised", or "" where none did.
        camera: maker and model, "Canon EOS 450D"; "" if unknown.
        software: what wrote the file last, by its own word; "" if unknown.
        gps: whether a latitude and a longitude are in the file.
        orientation: 1 to 8 as it stands in the file; 1, upright, where nothing valid does.
        latitude: degrees north, -90 to 90 (WGS 84), rounded to 7 digits, which is 1 cm. None
            if unknown: also where the file does not say whether north or south.
        longitude: degrees east, -180 to 180, likewise; None where `latitude` is.
    """

    taken: datetime | None = None
    taken_from: str = ""
    camera: str = ""
    software: str = ""
    gps: bool = False
    orientation: int = 1
    latitude: float | None = None
    longitude: float | None = None


def read_metadata(exif: Image.Exif) -> Metadata:
    """Read what is of use from an EXIF block; a damaged field costs only itself.

    Args:
        exif: as `Image.getexif()` gives it, asked for after `Image.load()`: a PNG may keep
            its block behind its pixels, and a TIFF turns itself upright while it loads and
            then takes its orientation out. Pillow says the turn of an AVIF as orientation;
            pillow_heif turns a HEIF itself and sets its orientation to 1.

    Returns:
        Metadata; never raises, whatever the block holds.
    """
    taken, taken_from = _or(_nothing, _taken, exif)
    latitude, longitude = _or(_nowhere, _place, exif)
    return Metadata(
        taken=taken,
        taken_from=taken_from,
        camera=_or("", _camera, exif),
        software=_or("", _software, exif),
        gps=_or(False, _has_place, exif),
        orientation=_or(1, _orientation, exif),
        latitude=latitude,
        longitude=longitude,
    )


def read_said_size(exif: Image.Exif) -> tuple[int, int] | None:
    """The width and height in pixels that a header says, as the picture lies in the file.

    PixelXDimension and PixelYDimension (CIPA DC-008, 4.6.5), which cameras write and not all
    programs that resize a photo update. ImageWidth and ImageLength are not asked: of a camera's
    RAW they are those of a preview, and what is developed from it may still have them.

    Returns:
        None where it does not say so; never raises, whatever the block holds.
    """
    return _or(None, _said_size, exif)


_nothing: tuple[datetime | None, str] = (None, "")
_nowhere: tuple[float | None, float | None] = (None, None)


def _or(otherwise: T, read: Callable[[Image.Exif], T], exif: Image.Exif) -> T:
    return unless_damaged(lambda: read(exif), otherwise)


def _taken(exif: Image.Exif) -> tuple[datetime | None, str]:
    details = exif.get_ifd(ExifTags.IFD.Exif)
    for name, when, fraction in _WHEN:
        moment = _parse(details.get(when))
        if moment is not None:
            return moment + _sub_seconds(details.get(fraction)), name
    return _nothing


def _parse(value: object) -> datetime | None:
    """'2019:07:14 10:15:12' as a time; None for '0000:00:00 00:00:00' and other noise."""
    try:
        return datetime.strptime(str(value).strip("\0 ")[:19], "%Y:%m:%d %H:%M:%S")
    except ValueError:
        return None


def _sub_seconds(value: object) -> timedelta:
    """'73' is 0.73 seconds: the digits stand behind the point."""
    digits = str(value or "").strip("\0 ")
    if digits.isascii() and digits.isdigit():
        return timedelta(microseconds=int(f"{digits:0<6}"[:6]))
    return timedelta()


def _camera(exif: Image.Exif) -> str:
    """Maker and model, without naming the maker twice.

    'Canon' and 'Canon EOS 450D' are 'Canon EOS 450D'; 'EASTMAN KODAK COMPANY' and
    'KODAK DX4530' are 'KODAK DX4530'; 'Apple' and 'iPhone 12' are 'Apple iPhone 12'.
    """
    maker = _or("", lambda block: _text(block.get(ExifTags.Base.Make)), exif)
    model = _or("", lambda block: _text(block.get(ExifTags.Base.Model)), exif)
    first = model.partition(" ")[0].casefold()
    if first and first in maker.casefold().split():
        maker = ""
    return f"{maker} {model}".strip()[:_LONGEST].rstrip()


def _software(exif: Image.Exif) -> str:
    software = _or("", lambda block: _text(block.get(ExifTags.Base.Software)), exif)
    return software or _text(exif.get(ExifTags.Base.ProcessingSoftware))


def _text(value: object) -> str:
    """A text of an EXIF block without what does not show, at most 100 characters.

    What stands behind a NUL is what the camera's memory held. Pillow reads the bytes as
    Latin-1; phones write UTF-8.
    """
    raw = value.encode("latin-1", "replace") if isinstance(value, str) else value
    if not isinstance(raw, bytes):
        return ""
    raw = raw.split(b"\0", 1)[0]
    try:
        words = raw.decode("utf-8").split()
    except UnicodeDecodeError:
        words = raw.decode("latin-1").split()
    shown = ("".join(letter for letter in word if letter.isprintable()) for word in words)
    return " ".join(word for word in shown if word)[:_LONGEST].rstrip()


def _has_place(exif: Image.Exif) -> bool:
    """Whether a latitude and a longitude can be read; cameras without a fix write 0/0 or 0."""
    where = exif.get_ifd(ExifTags.IFD.GPSInfo)
    latitude = _degrees(where.get(ExifTags.GPS.GPSLatitude))
    longitude = _degrees(where.get(ExifTags.GPS.GPSLongitude))
    real = abs(latitude) <= 90 and abs(longitude) <= 180  # False for nan
    return real and (latitude, longitude) != (0.0, 0.0)


def _place(exif: Image.Exif) -> tuple[float | None, float | None]:
    """Latitude and longitude, both or none.

    What is no angle is no place: to show a photo somewhere else is worse than nowhere.
    """
    where = exif.get_ifd(ExifTags.IFD.GPSInfo)
    latitude = _signed(
        where.get(ExifTags.GPS.GPSLatitude), where.get(ExifTags.GPS.GPSLatitudeRef), "NS"
    )
    longitude = _signed(
        where.get(ExifTags.GPS.GPSLongitude), where.get(ExifTags.GPS.GPSLongitudeRef), "EW"
    )
    real = abs(latitude) <= 90 and abs(longitude) <= 180  # False for nan
    return (latitude, longitude) if real and (latitude, longitude) != (0.0, 0.0) else _nowhere


def _signed(value: object, reference: object, letters: str) -> float:
    """Degrees, minutes and seconds with their sign, to 7 digits; nan if they are no angle."""
    letter = reference.decode("ascii") if isinstance(reference, bytes) else reference
    letter = letter.strip("\0 ").upper() if isinstance(letter, str) else ""
    parts = [float(part) for part in value] if isinstance(value, tuple) else []
    # 60 itself is what rounding makes of 59.99
    if letter not in tuple(letters) or not all(0 <= part <= 60 for part in parts[1:]):
        return math.nan
    degrees = _degrees(value)
    # "+ 0.0": no place is at minus zero degrees
    return (
        round(degrees if letter == letters[0] else -degrees, 7) + 0.0 if degrees >= 0 else math.nan
    )


def _degrees(value: object) -> float:
    """(48, 12, 30.5), degrees, minutes and seconds, as a number; nan if it is none."""
    parts = value if isinstance(value, tuple) else (value,)
    if not 1 <= len(parts) <= 3 or any(isinstance(part, (str, bytes)) for part in parts):
        return math.nan
    return math.fsum(float(part) / 60**place for place, part in enumerate(parts))


def _said_size(exif: Image.Exif) -> tuple[int, int] | None:
    details = exif.get_ifd(ExifTags.IFD.Exif)
    width, height = (
        details.get(side) for side in (ExifTags.Base.ExifImageWidth, ExifTags.Base.ExifImageHeight)
    )
    if isinstance(width, int) and isinstance(height, int) and width > 0 and height > 0:
        return width, height
    return None


def _orientation(exif: Image.Exif) -> int:
    found = exif.get(ExifTags.Base.Orientation, 1)
    return int(found) if found in range(1, 9) else 1
