"""What a photo's header says about when it was taken."""

from datetime import datetime, timedelta

from PIL import ExifTags, Image

# CIPA DC-008 (Exif 2.32): the moment of exposure, else of digitising. DateTime (0x0132)
# is not asked: editors set it to the time of saving.
_WHEN = (
    (ExifTags.Base.DateTimeOriginal, ExifTags.Base.SubsecTimeOriginal),
    (ExifTags.Base.DateTimeDigitized, ExifTags.Base.SubsecTimeDigitized),
)


def capture_time(exif: Image.Exif) -> datetime | None:
    """Wall-clock time at the camera, with sub-seconds where they are given, or None.

    Args:
        exif: as `Image.getexif()` gives it.
    """
    details = exif.get_ifd(ExifTags.IFD.Exif)
    for when, fraction in _WHEN:
        moment = _parse(details.get(when))
        if moment is not None:
            return moment + _sub_seconds(details.get(fraction))
    return None


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
