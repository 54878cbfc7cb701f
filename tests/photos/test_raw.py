"""Camera RAW: which picture is taken from it, and which way up it is."""

import struct
import sys
from datetime import datetime
from io import BytesIO
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import ExifTags, Image

from dedupe.errors import PhotoUnreadable
from dedupe.photos.metadata import read_metadata
from dedupe.photos.raw import open_raw

Base = ExifTags.Base
WIDE, HIGH = 640, 480  # of the sensor

# --- RAW files, written by hand after the DNG specification 1.4

_FORMS = {"B": 1, "s": 2, "H": 3, "I": 4, "II": 5, "ii": 10}


def directory(at: int, tags: dict[int, tuple[str, object]]) -> bytes:
    """A TIFF directory and what it points to, little-endian, to lie at `at`."""
    entries, behind = b"", b""
    end = at + 2 + 12 * len(tags) + 4
    for tag, (form, value) in sorted(tags.items()):
        if form == "s":
            raw = str(value).encode() + b"\0"
            count = len(raw)
        else:
            numbers = value if isinstance(value, tuple) else (value,)
            raw = struct.pack(f"<{len(numbers)}{form[0]}", *numbers)
            count = len(numbers) // len(form)
        if len(raw) > 4:
            raw, pointed = struct.pack("<I", end + len(behind)), raw
            behind += pointed + b"\0" * (len(pointed) % 2)
        entries += struct.pack("<HHI", tag, _FORMS[form], count) + raw.ljust(4, b"\0")
    return struct.pack("<H", len(tags)) + entries + b"\0\0\0\0" + behind


def scene(width: int, height: int) -> Image.Image:
    """Red on the left, blue on the right, and brighter on the top."""
    image = Image.new("RGB", (width, height), (40, 40, 40))
    image.paste((220, 40, 40), (0, 0, width // 4, height))
    image.paste((40, 40, 220), (width * 3 // 4, 0, width, height))
    image.paste((230, 230, 230), (width // 4, 0, width * 3 // 4, height // 4))
    return image


def jpeg(image: Image.Image, orientation: int | None = None) -> bytes:
    file = BytesIO()
    exif = Image.Exif()
    if orientation is not None:
        exif[Base.Orientation] = orientation
    image.save(file, "JPEG", quality=90, **({"exif": exif} if orientation else {}))
    return file.getvalue()


def dng(
    preview: bytes = b"", orientation: int = 1, *, size: tuple[int, int] = (WIDE, HIGH)
) -> bytes:
    """A camera's RAW of the scene, with or without a JPEG of it inside."""
    width, height = size
    pixels = np.asarray(scene(width, height)).astype("<u2") * 16
    rows, columns = np.ogrid[:height, :width]
    channel = rows % 2 + columns % 2  # RGGB
    mosaic = np.take_along_axis(pixels, channel[..., None], axis=2).tobytes()
    about: dict[int, tuple[str, object]] = {
        Base.Make: ("s", "Canon"),
        Base.Model: ("s", "Canon EOS 450D"),
        Base.Orientation: ("H", orientation),
        Base.DNGVersion: ("B", (1, 4, 0, 0)),
        50708: ("s", "Canon EOS 450D"),  # UniqueCameraModel
        50721: ("ii", (1, 1, 0, 1, 0, 1, 0, 1, 1, 1, 0, 1, 0, 1, 0, 1, 1, 1)),  # ColorMatrix1
        50728: ("II", (1, 1, 1, 1, 1, 1)),  # AsShotNeutral
    }
    sensor: dict[int, tuple[str, object]] = {
        254: ("I", 0),  # the full picture
        256: ("I", width),
        257: ("I", height),
        258: ("H", 16),
        259: ("H", 1),
        262: ("H", 32803),  # colour filter array
        277: ("H", 1),
        278: ("I", height),
        279: ("I", len(mosaic)),
        33421: ("H", (2, 2)),
        33422: ("B", (0, 1, 1, 2)),
        50717: ("I", 255 * 16),  # WhiteLevel
    }
    moment = {
        Base.DateTimeOriginal: ("s", "2019:07:14 12:00:00"),
        Base.SubsecTimeOriginal: ("s", "25"),
    }
    image_at = 2048
    preview_at = image_at + len(mosaic)
    head = b"II*\0\x08\0\0\0"
    main = about | {Base.ExifOffset: ("I", 1024)}
    if preview:
        main |= {
            254: ("I", 1),  # a reduced picture
            256: ("I", 0),
            257: ("I", 0),
            258: ("H", (8, 8, 8)),
            259: ("H", 7),
            262: ("H", 6),
            273: ("I", preview_at),
            277: ("H", 3),
            279: ("I", len(preview)),
            330: ("I", 1280),  # where the sensor's picture is
        }
        with Image.open(BytesIO(preview)) as opened:
            main |= {256: ("I", opened.width), 257: ("I", opened.height)}
    sensor |= {273: ("I", image_at)}
    parts = {8: directory(8, main if preview else main | sensor), 1024: directory(1024, moment)}
    if preview:
        parts[1280] = directory(1280, sensor)
    parts |= {image_at: mosaic, preview_at: preview}
    for at, part in parts.items():
        assert len(head) <= at
        head = head.ljust(at, b"\0") + part
    return head


def upright(data: bytes) -> tuple[Image.Image, tuple[int, int]]:
    """The picture as the scan turns it, and the size that the RAW is said to have."""
    found = open_raw(data)
    turns = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_270,
             8: Image.Transpose.ROTATE_90}  # fmt: skip
    image = found.image.convert("RGB")
    if found.orientation in turns:
        image = image.transpose(turns[found.orientation])
    return image, (found.width, found.height)


def red_side(image: Image.Image) -> str:
    """On which side of the picture the scene's red is."""
    w, h = image.size
    places = {"left": (w // 20, h // 2), "right": (w * 19 // 20, h // 2),
              "top": (w // 2, h // 20), "bottom": (w // 2, h * 19 // 20)}  # fmt: skip
    colours = {side: image.getpixel(at) for side, at in places.items()}
    return max(colours, key=lambda side: colours[side][0] - colours[side][2])  # type: ignore[index,operator]


# --- without a decoder


@pytest.fixture
def no_rawpy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rawpy", None)


@pytest.mark.usefixtures("no_rawpy")
@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"II*\0\x10\0\0\0CR\2\0" + b"\0" * 60, "CR2"),
        (b"FUJIFILMCCD-RAW 0201" + b"\0" * 60, "RAF"),
        (b"II*\0\x08\0\0\0" + directory(8, {Base.Make: ("s", "NIKON CORPORATION")}), "NEF"),
        (b"II*\0\x08\0\0\0" + directory(8, {Base.Make: ("s", "SONY")}), "ARW"),
        (b"II*\0\x08\0\0\0" + directory(8, {Base.Make: ("s", "Nobody")}), "RAW"),
        (b"II*\0\x08\0\0\0" + directory(8, {Base.DNGVersion: ("B", (1, 4, 0, 0))}), "DNG"),
        (b"II*\0\xff\xff\xff\xff", "RAW"),
        (b"", "RAW"),
    ],
)
def test_without_the_decoder_the_way_to_it_is_named(data: bytes, kind: str) -> None:
    with pytest.raises(PhotoUnreadable) as refusal:
        open_raw(data)
    assert str(refusal.value) == (
        f"is camera RAW ({kind}); to have it read: pip install 'dedupe-photos[raw]'"
    )


# --- with a stand-in for the decoder: every way a preview can lie


class FakeRaw:
    """What rawpy says of a RAW file, by order of the test."""

    def __init__(self, flip: int, thumb: object, developed: object = None) -> None:
        self.sizes = SimpleNamespace(
            width=3000, height=2000, raw_width=3000, raw_height=2000, flip=flip,
            crop_width=0, crop_height=0,
        )  # fmt: skip
        self.thumb, self.developed, self.closed = thumb, developed, False

    def open_buffer(self, file: BytesIO) -> None:
        if isinstance(self.thumb, type) and self.developed is None:
            raise self.thumb(b"Unsupported file format or not RAW file")

    def extract_thumb(self) -> SimpleNamespace:
        if isinstance(self.thumb, type):
            raise self.thumb(b"No thumbnail in file")
        return SimpleNamespace(data=self.thumb)

    def postprocess(self, **how: object) -> object:
        assert how["user_flip"] == 0
        if self.developed is None:
            raise FakeErrors.LibRawError(b"Input/output error")
        return self.developed

    def close(self) -> None:
        self.closed = True


class FakeErrors:
    """The errors of rawpy that are told apart."""

    LibRawError = type("LibRawError", (Exception,), {})
    LibRawFileUnsupportedError = type("LibRawFileUnsupportedError", (LibRawError,), {})
    LibRawTooBigError = type("LibRawTooBigError", (LibRawError,), {})
    LibRawUnsufficientMemoryError = type("LibRawUnsufficientMemoryError", (LibRawError,), {})
    NotSupportedError = type("NotSupportedError", (Exception,), {})


def pretend(monkeypatch: pytest.MonkeyPatch, raw: FakeRaw) -> None:
    module = SimpleNamespace(RawPy=lambda: raw, libraw_version=(0, 22, 2), **vars(FakeErrors))
    monkeypatch.setitem(sys.modules, "rawpy", module)


@pytest.mark.parametrize(
    ("flip", "landscape", "own", "turn"),
    [
        (0, True, None, 1),  # nothing to be done
        (6, True, None, 6),  # as the sensor saw it: turned like the RAW
        (5, True, None, 8),
        (3, True, None, 3),
        (6, True, 6, 6),  # the same, said twice
        (6, False, None, 1),  # turned already
        (6, False, 1, 1),
        (6, False, 6, 1),  # turned already, and nobody told its EXIF block
        (5, True, 1, 8),  # its EXIF block does not know
        (0, True, 3, 3),  # the RAW does not know
        (3, True, 1, 1),  # upside down is not seen by the shape: its own word counts
        (0, True, 6, 1),  # would make a portrait of a landscape
        (9, True, None, 1),  # no flip that dcraw knows
    ],
)
def test_a_preview_is_turned_exactly_once(
    monkeypatch: pytest.MonkeyPatch, flip: int, landscape: bool, own: int | None, turn: int
) -> None:
    size = (900, 600) if landscape else (600, 900)
    raw = FakeRaw(flip, jpeg(scene(*size), own))
    pretend(monkeypatch, raw)
    found = open_raw(b"")
    assert found.orientation == turn
    assert read_metadata(found.image.getexif()).orientation == turn
    assert (found.width, found.height) == ((2000, 3000) if flip in (5, 6) else (3000, 2000))
    assert raw.closed


def test_a_preview_is_not_decoded_before_its_size_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pretend(monkeypatch, FakeRaw(0, jpeg(scene(1600, 1200))))
    image = open_raw(b"").image
    image.draft("RGB", (400, 300))
    assert image.size == (400, 300)


def test_an_unknown_camera_is_told_from_a_broken_file(monkeypatch: pytest.MonkeyPatch) -> None:
    for error, words in (
        (FakeErrors.LibRawFileUnsupportedError, "LibRaw 0.22.2 does not know"),
        (FakeErrors.LibRawTooBigError, "too large to be developed"),
        (FakeErrors.LibRawError, "but broken"),
    ):
        raw = FakeRaw(0, error)
        pretend(monkeypatch, raw)
        with pytest.raises(PhotoUnreadable, match=words) as refusal:
            open_raw(b"")
        assert str(refusal.value).startswith("is camera RAW (RAW)")
        assert raw.closed


@pytest.mark.parametrize("side", [8, 95])
def test_a_preview_in_which_nothing_is_seen_is_not_better_than_none(
    monkeypatch: pytest.MonkeyPatch, side: int
) -> None:
    pretend(monkeypatch, FakeRaw(0, jpeg(Image.new("RGB", (side, side)))))
    with pytest.raises(PhotoUnreadable, match="cut off"):
        open_raw(b"")


def test_a_thumbnail_is_better_than_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, FakeRaw(6, jpeg(scene(160, 120))))
    found = open_raw(b"")
    assert (found.image.size, found.width, found.height) == ((160, 120), 2000, 3000)


# --- with the decoder


@pytest.fixture
def rawpy() -> object:
    return pytest.importorskip("rawpy")


@pytest.mark.usefixtures("rawpy")
@pytest.mark.parametrize(
    ("orientation", "red"), [(1, "left"), (3, "right"), (6, "top"), (8, "bottom")]
)
@pytest.mark.parametrize("preview", [b"", jpeg(scene(600, 450)), jpeg(scene(160, 120))],
                         ids=["none", "usable", "too small"])  # fmt: skip
def test_a_raw_is_upright(orientation: int, red: str, preview: bytes) -> None:
    image, size = upright(dng(preview, orientation))
    assert red_side(image) == red
    assert size == ((HIGH, WIDE) if orientation in (6, 8) else (WIDE, HIGH))


@pytest.mark.usefixtures("rawpy")
def test_a_usable_preview_is_taken_and_a_small_one_is_not() -> None:
    assert open_raw(dng(jpeg(scene(600, 450)))).image.size == (600, 450)
    assert open_raw(dng(jpeg(scene(160, 120)))).image.size == (WIDE // 2, HIGH // 2)
    assert open_raw(dng()).image.size == (WIDE // 2, HIGH // 2)


@pytest.mark.usefixtures("rawpy")
@pytest.mark.parametrize("preview", [b"", jpeg(scene(600, 450))], ids=["none", "usable"])
def test_the_header_of_a_raw_is_that_of_its_picture(preview: bytes) -> None:
    found = open_raw(dng(preview))
    said = read_metadata(found.image.getexif())
    assert (said.taken, said.taken_from) == (datetime(2019, 7, 14, 12, 0, 0, 250_000), "original")
    assert (said.camera, said.software) == ("Canon EOS 450D", "")
    assert found.format == "DNG"


@pytest.mark.usefixtures("rawpy")
@pytest.mark.parametrize("share", [0.0, 0.001, 0.01])
def test_a_cut_off_raw_is_refused_and_not_taken_for_a_black_picture(share: float) -> None:
    data = dng()
    with pytest.raises(PhotoUnreadable, match=r"is camera RAW \((DNG|RAW)\)"):
        open_raw(data[: 2048 + round((len(data) - 2048) * share)])
