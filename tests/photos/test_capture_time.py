"""When a photo was taken, out of what cameras and programs write."""

from datetime import datetime

import pytest
from PIL import ExifTags, Image

from dedupe.photos.metadata import capture_time

ORIGINAL, DIGITISED = ExifTags.Base.DateTimeOriginal, ExifTags.Base.DateTimeDigitized
ORIGINAL_FRACTION = ExifTags.Base.SubsecTimeOriginal
DIGITISED_FRACTION = ExifTags.Base.SubsecTimeDigitized
NOON = datetime(2019, 7, 14, 12, 0, 0)


def taken(details: dict[int, object], **others: object) -> datetime | None:
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif).update(details)
    again = Image.Exif()
    again.load(exif.tobytes())
    return capture_time(again)


def test_the_moment_of_exposure_comes_before_that_of_digitising() -> None:
    assert taken({ORIGINAL: "2019:07:14 12:00:00", DIGITISED: "2020:01:01 00:00:00"}) == NOON
    assert taken({DIGITISED: "2019:07:14 12:00:00"}) == NOON


def test_the_time_of_saving_is_not_asked() -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.DateTime] = "2019:07:14 12:00:00"
    assert capture_time(exif) is None


@pytest.mark.parametrize(
    ("digits", "microseconds"),
    [
        ("73", 730_000),
        ("073", 73_000),
        ("5", 500_000),
        ("123456789", 123_456),
        ("730   ", 730_000),
        ("", 0),
        ("abc", 0),
        ("-5", 0),
        ("²", 0),
    ],
)
def test_sub_seconds_are_the_digits_behind_the_point(digits: str, microseconds: int) -> None:
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif).update(
        {ORIGINAL: "2019:07:14 12:00:00", ORIGINAL_FRACTION: digits}
    )
    assert capture_time(exif) == NOON.replace(microsecond=microseconds)


def test_each_time_has_its_own_sub_seconds() -> None:
    details: dict[int, object] = {
        ORIGINAL: "0000:00:00 00:00:00",
        ORIGINAL_FRACTION: "99",
        DIGITISED: "2019:07:14 12:00:00",
        DIGITISED_FRACTION: "25",
    }
    assert taken(details) == NOON.replace(microsecond=250_000)


@pytest.mark.parametrize(
    "noise",
    [
        *("0000:00:00 00:00:00", "    :  :     :  :  ", "", "2019:13:41 12:00:00", "yesterday"),
        *("2019:07:14", "2019:02:29 12:00:00", "\0\0\0"),
    ],
)
def test_noise_is_no_time(noise: str) -> None:
    assert taken({ORIGINAL: noise}) is None


def test_padding_and_a_zone_behind_the_time_are_cut_off() -> None:
    exif = Image.Exif()
    for value in ("2019:07:14 12:00:00\0", " 2019:07:14 12:00:00", "2019:07:14 12:00:00+02:00"):
        exif.get_ifd(ExifTags.IFD.Exif)[ORIGINAL] = value
        assert capture_time(exif) == NOON
