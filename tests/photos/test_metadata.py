"""When a photo was taken, with what, where and by which program: what cameras write of it."""

import struct
from datetime import datetime
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image
from PIL.TiffImagePlugin import IFDRational

from dedupe.photos.metadata import Metadata, read_metadata, read_said_size

Base = ExifTags.Base
ORIGINAL, DIGITISED = Base.DateTimeOriginal, Base.DateTimeDigitized
ORIGINAL_FRACTION = Base.SubsecTimeOriginal
DIGITISED_FRACTION = Base.SubsecTimeDigitized
NOON = datetime(2019, 7, 14, 12, 0, 0)


def header(
    main: dict[int, object] | None = None,
    details: dict[int, object] | None = None,
    place: dict[int, object] | None = None,
) -> Image.Exif:
    """An EXIF block with these tags, written and read again."""
    exif = Image.Exif()
    exif.update(main or {})
    exif.get_ifd(ExifTags.IFD.Exif).update(details or {})
    exif.get_ifd(ExifTags.IFD.GPSInfo).update(place or {})
    again = Image.Exif()
    again.load(exif.tobytes())
    return again


def test_a_photo_without_a_header_has_nothing_to_say() -> None:
    assert read_metadata(Image.Exif()) == Metadata(None, "", "", "", False, 1)


# --- when


def test_the_moment_of_exposure_comes_before_that_of_digitising() -> None:
    both = read_metadata(
        header(details={ORIGINAL: "2019:07:14 12:00:00", DIGITISED: "2020:01:01 00:00:00"})
    )
    assert (both.taken, both.taken_from) == (NOON, "original")
    one = read_metadata(header(details={DIGITISED: "2019:07:14 12:00:00"}))
    assert (one.taken, one.taken_from) == (NOON, "digitised")


def test_the_time_of_saving_is_not_asked() -> None:
    found = read_metadata(header({Base.DateTime: "2019:07:14 12:00:00"}))
    assert (found.taken, found.taken_from) == (None, "")


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
    assert read_metadata(exif).taken == NOON.replace(microsecond=microseconds)


def test_each_time_has_its_own_sub_seconds() -> None:
    details: dict[int, object] = {
        ORIGINAL: "0000:00:00 00:00:00",
        ORIGINAL_FRACTION: "99",
        DIGITISED: "2019:07:14 12:00:00",
        DIGITISED_FRACTION: "25",
    }
    found = read_metadata(header(details=details))
    assert (found.taken, found.taken_from) == (NOON.replace(microsecond=250_000), "digitised")


@pytest.mark.parametrize(
    "noise",
    [
        *("0000:00:00 00:00:00", "    :  :     :  :  ", "", "2019:13:41 12:00:00", "yesterday"),
        *("2019:07:14", "2019:02:29 12:00:00", "\0\0\0"),
    ],
)
def test_noise_is_no_time(noise: str) -> None:
    found = read_metadata(header(details={ORIGINAL: noise}))
    assert (found.taken, found.taken_from) == (None, "")


@pytest.mark.parametrize(
    "value", ["2019:07:14 12:00:00\0", " 2019:07:14 12:00:00", "2019:07:14 12:00:00+02:00"]
)
def test_padding_and_a_zone_behind_the_time_are_cut_off(value: str) -> None:
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[ORIGINAL] = value
    assert read_metadata(exif).taken == NOON


# --- with what


@pytest.mark.parametrize(
    ("maker", "model", "camera"),
    [
        ("Canon", "Canon EOS 450D", "Canon EOS 450D"),
        ("NIKON CORPORATION", "NIKON D700", "NIKON D700"),
        ("EASTMAN KODAK COMPANY", "KODAK DX4530 ZOOM", "KODAK DX4530 ZOOM"),
        ("Apple", "iPhone 12 Pro", "Apple iPhone 12 Pro"),
        ("OLYMPUS IMAGING CORP.  ", "E-510           ", "OLYMPUS IMAGING CORP. E-510"),
        ("Canon", "CanonScan 9000F", "Canon CanonScan 9000F"),
        ("samsung", "SAMSUNG SM-G900", "SAMSUNG SM-G900"),
        ("Canon", "", "Canon"),
        ("", "DMC-FZ5", "DMC-FZ5"),
        ("", "", ""),
        ("Canon\0\0", "\0garbage", "Canon"),
        ("A\tB\x1b[31m\nC", "D\x07", "A B[31m C D"),
    ],
)
def test_the_camera_is_maker_and_model_without_naming_the_maker_twice(
    maker: str, model: str, camera: str
) -> None:
    exif = Image.Exif()
    exif.update({Base.Make: maker, Base.Model: model})
    assert read_metadata(exif).camera == camera


def test_a_model_in_utf_8_is_read_as_such_and_another_as_latin_1() -> None:
    for raw, name in (("荣耀 9".encode(), "荣耀 9"), (b"Caf\xe9", "Café")):
        exif = Image.Exif()
        exif[Base.Model] = raw.decode("latin-1")  # as Pillow reads every text
        assert read_metadata(exif).camera == name
        exif[Base.Model] = raw  # and as it gives a field of type BYTE
        assert read_metadata(exif).camera == name


def test_a_text_without_end_is_cut_at_100_characters() -> None:
    found = read_metadata(header({Base.Model: "x" * 5000, Base.Software: "y " * 5000}))
    assert found.camera == "x" * 100
    assert found.software == ("y " * 50).rstrip()


def test_the_software_is_that_which_wrote_the_file_else_that_which_processed_it() -> None:
    both = header({Base.Software: "GIMP 2.10\0", Base.ProcessingSoftware: "dcraw"})
    assert read_metadata(both).software == "GIMP 2.10"
    assert read_metadata(header({Base.ProcessingSoftware: "dcraw"})).software == "dcraw"


@pytest.mark.parametrize("value", [17, 1.5, (1, 2), ("a", "b"), None])
def test_a_field_of_another_type_is_no_text(value: object) -> None:
    exif = Image.Exif()
    exif.update({Base.Model: value, Base.Software: value})
    assert read_metadata(exif) == Metadata()


# --- where

NORTH, EAST = ExifTags.GPS.GPSLatitude, ExifTags.GPS.GPSLongitude
MUNICH: dict[int, object] = {
    ExifTags.GPS.GPSLatitudeRef: "N",
    NORTH: (48.0, 8.0, 14.5),
    ExifTags.GPS.GPSLongitudeRef: "E",
    EAST: (11.0, 34.0, 31.0),
}
NAN = IFDRational(0, 0)


def test_a_latitude_and_a_longitude_are_a_place() -> None:
    assert read_metadata(header(place=MUNICH)).gps
    on_the_equator = {**MUNICH, NORTH: (0.0, 0.0, 0.0)}
    assert read_metadata(header(place=on_the_equator)).gps


@pytest.mark.parametrize(
    "other",
    [
        {NORTH: (NAN, NAN, NAN), EAST: (NAN, NAN, NAN)},
        {NORTH: (0.0, 0.0, 0.0), EAST: (0.0, 0.0, 0.0)},
        {NORTH: (91.0, 0.0, 0.0)},
        {EAST: (181.0, 0.0, 0.0)},
        {NORTH: "48 N"},
        {EAST: ("11", "34", "31")},
        {EAST: (1.0, 2.0, 3.0, 4.0)},
        {EAST: ()},
        {NORTH: None},
    ],
    ids=str,
)
def test_what_a_camera_writes_without_knowing_is_no_place(other: dict[int, object]) -> None:
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.GPSInfo).update({**MUNICH, **other})
    assert not read_metadata(exif).gps


def test_a_gps_block_with_nothing_but_its_version_is_no_place() -> None:
    assert not read_metadata(header(place={ExifTags.GPS.GPSVersionID: b"\2\3\0\0"})).gps


# --- where, in degrees

NORTH_OR_SOUTH, EAST_OR_WEST = ExifTags.GPS.GPSLatitudeRef, ExifTags.GPS.GPSLongitudeRef


def placed(**other: object) -> tuple[float | None, float | None]:
    """Where a block says it was, with some fields of Munich's replaced."""
    tags = {"north": NORTH, "east": EAST, "ns": NORTH_OR_SOUTH, "ew": EAST_OR_WEST}
    exif = Image.Exif()
    block = {**MUNICH, **{tags[name]: value for name, value in other.items()}}
    exif.get_ifd(ExifTags.IFD.GPSInfo).update(block)
    found = read_metadata(exif)
    return found.latitude, found.longitude


@pytest.mark.parametrize(
    ("letters", "signs"),
    [("NE", (1, 1)), ("SE", (-1, 1)), ("NW", (1, -1)), ("SW", (-1, -1)), ("sw", (-1, -1))],
)
def test_north_and_east_are_positive_to_seven_digits(letters: str, signs: tuple[int, int]) -> None:
    expected = (signs[0] * 48.1373611, signs[1] * 11.5752778)
    assert placed(ns=letters[0], ew=letters[1]) == expected
    assert placed(ns=f"{letters[0]}\0", ew=letters[1].encode()) == expected


def test_degrees_and_minutes_may_have_fractions_and_seconds_may_be_missing() -> None:
    rational = IFDRational
    assert placed(north=(rational(481373611, 10_000_000),))[0] == 48.1373611
    assert placed(north=(rational(48, 1), rational(8241667, 1_000_000)))[0] == 48.1373611
    assert placed(north=48.1373611)[0] == 48.1373611
    assert placed(north=(48.0, 8.0, 60.0))[0] == 48.15


def test_the_equator_the_date_line_and_the_poles_are_places() -> None:
    assert placed(north=(0.0, 0.0, 0.0), ns="S") == (0.0, 11.5752778)
    assert str(placed(north=(0.0, 0.0, 0.0), ns="S")[0]) == "0.0"
    assert placed(north=(90.0, 0.0, 0.0), ns="S", east=(180.0, 0.0, 0.0), ew="W") == (-90, -180)


@pytest.mark.parametrize(
    "other",
    [
        {"north": (NAN, NAN, NAN)},
        {"east": (IFDRational(1, 0), IFDRational(0, 1), IFDRational(0, 1))},
        {"north": (0.0, 0.0, 0.0), "east": (0.0, 0.0, 0.0)},
        {"north": (1e-9,), "east": (1e-9,)},
        {"north": (90.0, 0.0, 1.0)},
        {"east": (180.0, 1.0, 0.0)},
        {"east": (float("inf"),)},
        {"north": (10**400,)},
        {"north": (-33.0, 52.0, 10.0)},
        {"north": (48.0, -8.0, 14.5)},
        {"north": (48.0, 99.0, 14.5)},
        {"east": (11.0, 34.0, 3100.0)},
        {"east": (11.0, 34.0, NAN)},
        {"north": "48 N"},
        {"north": b"48"},
        {"east": ("11", "34", "31")},
        {"east": (1.0, 2.0, 3.0, 4.0)},
        {"east": ()},
        {"north": None},
        {"ns": None},
        {"ns": ""},
        {"ew": "N"},
        {"ew": "east"},
        {"ew": 7},
        {"ns": b"\xff"},
        {"ns": ("N", "S")},
    ],
    ids=str,
)
def test_what_is_no_angle_or_has_no_side_is_no_place(other: dict[str, object]) -> None:
    assert placed(**other) == (None, None)


@given(
    latitude=st.floats(-90, 90),
    longitude=st.floats(-180, 180),
)
def test_any_place_written_in_thousandths_of_a_second_comes_back(
    latitude: float, longitude: float
) -> None:
    def written(degrees: float) -> tuple[IFDRational, ...]:
        left = round(abs(degrees) * 3_600_000)
        return (
            IFDRational(left // 3_600_000, 1),
            IFDRational(left // 60_000 % 60, 1),
            IFDRational(left % 60_000, 1000),
        )

    found = read_metadata(
        header(
            place={
                NORTH_OR_SOUTH: "NS"[latitude < 0],
                NORTH: written(latitude),
                EAST_OR_WEST: "EW"[longitude < 0],
                EAST: written(longitude),
            }
        )
    )
    if found.latitude is None or found.longitude is None:
        assert abs(latitude) < 2e-7
        assert abs(longitude) < 2e-7
    else:
        assert found.latitude == pytest.approx(latitude, abs=2e-7)
        assert found.longitude == pytest.approx(longitude, abs=2e-7)


# --- which way up


@pytest.mark.parametrize("orientation", range(1, 9))
def test_each_orientation_is_taken_as_it_stands(orientation: int) -> None:
    assert read_metadata(header({Base.Orientation: orientation})).orientation == orientation


@pytest.mark.parametrize("noise", [0, 9, 65535, -1, "6", (6, 0), None, b"\6"])
def test_an_orientation_that_is_none_is_upright(noise: object) -> None:
    exif = Image.Exif()
    exif[Base.Orientation] = noise
    assert read_metadata(exif).orientation == 1


# --- damage


class Damaged(Image.Exif):
    """A block in which one field, or one block within it, cannot be read."""

    def __init__(self, healthy: Image.Exif, hole: int) -> None:
        super().__init__()
        self.healthy, self.hole = healthy, hole

    def get(self, tag: int, default: object = None) -> object:  # type: ignore[override]
        if tag == self.hole:
            raise struct.error("unpack requires a buffer of 2 bytes")
        return self.healthy.get(tag, default)

    def get_ifd(self, tag: int) -> dict[int, object]:
        if tag == self.hole:
            raise OverflowError("Python int too large to convert to C long")
        return self.healthy.get_ifd(tag)


@pytest.mark.parametrize(
    ("hole", "lost"),
    [
        (ExifTags.IFD.Exif, {"taken": None, "taken_from": ""}),
        (ExifTags.IFD.GPSInfo, {"gps": False, "latitude": None, "longitude": None}),
        (Base.Make, {"camera": "Pen F"}),
        (Base.Model, {"camera": "OLYMPUS"}),
        (Base.Software, {"software": "dcraw"}),
        (Base.Orientation, {"orientation": 1}),
    ],
)
def test_a_damaged_field_costs_only_itself(hole: int, lost: dict[str, object]) -> None:
    whole = header(
        {
            Base.Make: "OLYMPUS",
            Base.Model: "Pen F",
            Base.Software: "GIMP",
            Base.ProcessingSoftware: "dcraw",
            Base.Orientation: 6,
        },
        {ORIGINAL: "2019:07:14 12:00:00"},
        MUNICH,
    )
    full = {
        "taken": NOON,
        "taken_from": "original",
        "camera": "OLYMPUS Pen F",
        "software": "GIMP",
        "gps": True,
        "orientation": 6,
        "latitude": 48.1373611,
        "longitude": 11.5752778,
    }
    assert read_metadata(whole) == Metadata(**full)  # type: ignore[arg-type]
    damaged = read_metadata(Damaged(whole, hole))
    assert damaged == Metadata(**{**full, **lost})  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF", "HEIF"])
def test_every_container_says_the_same(kind: str) -> None:
    if kind == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    exif = header(
        {Base.Make: "Canon", Base.Model: "Canon EOS 450D", Base.Software: "GIMP"},
        {ORIGINAL: "2019:07:14 12:00:00", ORIGINAL_FRACTION: "25"},
        MUNICH,
    )
    file = BytesIO()
    Image.new("RGB", (32, 32)).save(file, kind, exif=exif)
    with Image.open(file) as image:
        image.load()
        assert read_metadata(image.getexif()) == Metadata(
            *(NOON.replace(microsecond=250_000), "original", "Canon EOS 450D", "GIMP", True, 1),
            *(48.1373611, 11.5752778),
        )


# --- how large it is


def test_the_size_that_a_camera_wrote_is_read() -> None:
    said = header(details={Base.ExifImageWidth: 4000, Base.ExifImageHeight: 3000})
    assert read_said_size(said) == (4000, 3000)


@pytest.mark.parametrize(
    "details",
    [
        {},
        {Base.ExifImageWidth: 4000},
        {Base.ExifImageWidth: 0, Base.ExifImageHeight: 0},
        {Base.ExifImageWidth: 4000, Base.ExifImageHeight: "3000"},
        {Base.ExifImageWidth: (4000, 4000), Base.ExifImageHeight: (3000, 3000)},
    ],
)
def test_a_header_that_says_half_a_size_or_none_says_nothing(details: dict[int, object]) -> None:
    assert read_said_size(header(details=details)) is None


def test_the_size_of_a_preview_that_a_raw_left_in_a_header_is_not_asked() -> None:
    assert read_said_size(header({Base.ImageWidth: 1616, Base.ImageLength: 1080})) is None
