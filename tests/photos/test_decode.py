"""From bytes to upright pixels: the same picture gives the same pixels, however it is stored."""

import io
import os
import struct
import warnings
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pillow_heif
import pytest
from blake3 import blake3
from PIL import Image, ImageFile, ImageOps
from torchvision.transforms import CenterCrop, Compose, InterpolationMode, Resize

from dedupe.encoders.registry import ENCODERS
from dedupe.errors import PhotoUnreadable
from dedupe.photos import decode as decoding
from dedupe.photos import metadata
from dedupe.photos import read as files
from dedupe.photos.decode import FORMATS, MAX_PIXELS, Reading, decode
from dedupe.photos.photo import PhotoFile, Skip
from dedupe.photos.pixels import crop_pixels
from dedupe.photos.quiet import quiet_pillow
from dedupe.photos.read import photo_file, read_photo

SAMPLES = Path(__file__).resolve().parents[2] / "sample_photos"
NOWHERE = PhotoFile(path=Path("/nowhere.jpg"), size=0, mtime_ns=0, device=0, inode=0)
ORIENTATION, EXIF_IFD, TAKEN, SUB_SECONDS = 0x0112, 0x8769, 0x9003, 0x9291
BACK = {  # what a camera does to an upright picture to store it under this orientation
    1: lambda image: image,
    2: ImageOps.mirror,
    3: lambda image: image.transpose(Image.Transpose.ROTATE_180),
    4: ImageOps.flip,
    5: lambda image: image.transpose(Image.Transpose.TRANSPOSE),
    6: lambda image: image.transpose(Image.Transpose.ROTATE_90),
    7: lambda image: image.transpose(Image.Transpose.TRANSVERSE),
    8: lambda image: image.transpose(Image.Transpose.ROTATE_270),
}


@dataclass(frozen=True)
class Wants:
    resize: int = 256
    crop: int = 224
    interpolation: str = "bilinear"
    full_decode: bool = True


@pytest.fixture(scope="module")
def picture() -> Image.Image:
    """A small landscape in which no corner is like another."""
    pillow_heif.register_heif_opener()
    with Image.open(SAMPLES / "downloads/wallpaper.jpg") as image:
        return image.convert("RGB").resize((301, 215))


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def read(data: bytes, wants: Wants = Wants()) -> Reading:
    return decode(data, NOWHERE, wants)


def pixels(data: bytes, wants: Wants = Wants()) -> npt.NDArray[np.uint8]:
    return read(data, wants).array


def apart(one: npt.NDArray[np.uint8], other: npt.NDArray[np.uint8]) -> float:
    """Mean difference, of 255."""
    return float(np.abs(one.astype(int) - other).mean())


def exif(orientation: int = 1, taken: str = "") -> bytes:
    block = Image.Exif()
    block[ORIENTATION] = orientation
    if taken:
        block.get_ifd(EXIF_IFD)[TAKEN] = taken
    return block.tobytes()


# --- formats -------------------------------------------------------------------------------

LOSSLESS: dict[str, dict[str, Any]] = {
    "PNG": {},
    "WEBP": {"lossless": True},
    "TIFF": {"compression": "tiff_lzw"},
    "BMP": {},
    "JPEG2000": {},
    "PPM": {},
}


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_is_read_and_named(kind: str, picture: Image.Image) -> None:
    reading = read(saved(picture, kind, **LOSSLESS.get(kind, {})))
    assert reading.photo.format == kind
    assert (reading.photo.width, reading.photo.height) == (301, 215)
    expected = pixels(saved(picture, "PNG"))
    if kind in LOSSLESS:
        assert np.array_equal(reading.array, expected)
    else:
        assert apart(reading.array, expected) < 6


def test_no_format_but_these_is_tried(picture: Image.Image) -> None:
    for kind in ("ICO", "TGA", "PCX", "EPS"):
        with pytest.raises(PhotoUnreadable, match="no decoder knows its bytes"):
            read(saved(picture, kind))


def test_the_first_frame_of_an_animation_is_read(picture: Image.Image) -> None:
    other = ImageOps.invert(picture)
    for kind, options in (("WEBP", {"lossless": True}), ("PNG", {}), ("TIFF", {})):
        data = saved(picture, kind, save_all=True, append_images=[other], **options)
        assert np.array_equal(pixels(data), pixels(saved(picture, "PNG")))
    panorama = saved(picture, "MPO", save_all=True, append_images=[other], quality=95)
    reading = read(panorama)
    assert reading.photo.format == "MPO"
    assert apart(pixels(panorama), pixels(saved(picture, "PNG"))) < 3


def test_bytes_in_front_of_and_behind_a_photo_do_not_change_what_it_shows(
    picture: Image.Image,
) -> None:
    data = saved(picture, "JPEG")
    assert np.array_equal(pixels(data + b"\0" * 1000), pixels(data))


# --- upright -------------------------------------------------------------------------------


@pytest.mark.parametrize("orientation", BACK)
@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
def test_a_photo_is_upright_whatever_its_orientation_to_the_last_bit(
    kind: str, orientation: int, picture: Image.Image
) -> None:
    stored = BACK[orientation](picture)
    reading = read(saved(stored, kind, exif=exif(orientation), **LOSSLESS[kind]))
    assert (reading.photo.width, reading.photo.height) == picture.size
    assert np.array_equal(reading.array, pixels(saved(picture, "PNG")))


@pytest.mark.parametrize("orientation", BACK)
def test_a_raw_tiff_is_turned_once(orientation: int, picture: Image.Image) -> None:
    """Not compressed: Pillow then takes another way through its TIFF plugin."""
    stored = BACK[orientation](picture)
    assert np.array_equal(
        pixels(saved(stored, "TIFF", exif=exif(orientation))), pixels(saved(picture, "PNG"))
    )


@pytest.mark.parametrize("orientation", BACK)
@pytest.mark.parametrize("kind", ["JPEG", "MPO", "AVIF", "HEIF"])
def test_lossy_photos_are_upright_too(kind: str, orientation: int, picture: Image.Image) -> None:
    data = saved(BACK[orientation](picture), kind, exif=exif(orientation), quality=95)
    reading = read(data, Wants(full_decode=False))
    assert (reading.photo.width, reading.photo.height) == picture.size
    assert apart(reading.array, pixels(saved(picture, "PNG"))) < 3


def test_the_orientation_in_a_heic_is_not_obeyed_twice(picture: Image.Image) -> None:
    """A phone turns with a box of the container and repeats the turn in EXIF."""
    data = saved(BACK[6](picture), "HEIF", exif=exif(6))
    assert b"irot" in data
    with Image.open(io.BytesIO(data)) as image:
        assert image.size == picture.size
        assert image.info["original_orientation"] == 6
    assert (read(data).photo.width, read(data).photo.height) == picture.size


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_that_does_not_exist_is_upright(
    orientation: int, picture: Image.Image
) -> None:
    data = saved(picture, "PNG", exif=exif(orientation))
    assert np.array_equal(pixels(data), pixels(saved(picture, "PNG")))


# --- sizes ---------------------------------------------------------------------------------

SIZES = [
    *[(640, 480), (480, 640), (301, 225), (225, 301), (256, 256), (257, 256), (256, 999)],
    *[(259, 256), (256, 259)],  # half a pixel each side: rounded to even, as torchvision does
    *[(100, 50), (51, 101), (1, 1), (7, 3), (999, 333), (333, 999), (800, 100), (100, 800)],
]


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_sizes_and_pixels_are_torchvisions(
    size: tuple[int, int], interpolation: str, picture: Image.Image
) -> None:
    photo = picture.resize(size)
    torchvisions = Compose([Resize(256, InterpolationMode(interpolation)), CenterCrop(224)])
    assert np.array_equal(
        pixels(saved(photo, "PNG"), Wants(interpolation=interpolation)),
        np.asarray(torchvisions(photo)),
    )


@pytest.mark.parametrize(("resize", "crop"), [(384, 384), (236, 224), (255, 224)])
def test_other_encoders_sizes_are_torchvisions_too(
    resize: int, crop: int, picture: Image.Image
) -> None:
    torchvisions = Compose([Resize(resize), CenterCrop(crop)])
    data = saved(picture, "PNG")
    assert np.array_equal(pixels(data, Wants(resize, crop)), np.asarray(torchvisions(picture)))


@pytest.mark.parametrize(
    "sample", ["camera/2019/DSC_0412.JPG", "phone/2019-11/IMG_20191103_161207.jpg"]
)
def test_a_jpeg_decoded_in_full_is_the_pixels_of_pillow_and_torchvision(sample: str) -> None:
    with Image.open(SAMPLES / sample) as image:
        upright = ImageOps.exif_transpose(image).convert("RGB")
    expected = np.asarray(Compose([Resize(256), CenterCrop(224)])(upright))
    assert np.array_equal(pixels((SAMPLES / sample).read_bytes()), expected)


@pytest.mark.parametrize("name", ENCODERS)
def test_every_encoder_gets_the_size_it_wants(name: str, picture: Image.Image) -> None:
    encoder = ENCODERS[name]
    reading = decode(saved(picture, "JPEG"), NOWHERE, encoder)
    assert reading.array.shape == (encoder.crop, encoder.crop, 3)
    assert reading.array.dtype == np.uint8


@pytest.mark.parametrize("kind", ["JPEG", "MPO"])
def test_a_jpeg_decoded_in_part_looks_the_same_and_keeps_its_real_size(
    kind: str, picture: Image.Image
) -> None:
    large = saved(picture.resize((2800, 2000)), kind, quality=95)
    quick = read(large, Wants(full_decode=False))
    assert (quick.photo.width, quick.photo.height) == (2800, 2000)
    assert apart(quick.array, pixels(large)) < 2


def test_a_thumbnail_inside_a_heic_is_never_taken_for_the_photo(picture: Image.Image) -> None:
    small = Wants(resize=64, crop=64, full_decode=False)
    with_thumbnail = saved(picture, "HEIF", thumbnails=[200])
    with Image.open(io.BytesIO(with_thumbnail)) as image:
        assert image.info["thumbnails"] == [200]  # there is one that would be large enough
    assert np.array_equal(pixels(with_thumbnail, small), pixels(saved(picture, "HEIF"), small))


@pytest.mark.parametrize("size", [(1, 1), (1, 10_000), (10_000, 1), (3, 5000), (20_000, 40)])
def test_strips_are_read_by_their_middle(size: tuple[int, int]) -> None:
    width, height = size
    strip = Image.new("RGB", size, "red")
    across = (width // 3, 0, width - width // 3, height)
    strip.paste("blue", across if width > height else (0, height // 3, width, height - height // 3))
    reading = read(saved(strip, "PNG"))
    assert (reading.photo.width, reading.photo.height) == size
    assert reading.array.reshape(-1, 3).mean(0).tolist() == [0, 0, 255]


# --- colours -------------------------------------------------------------------------------


def mean(data: bytes) -> list[float]:
    return [round(float(each)) for each in pixels(data).mean((0, 1))]


@pytest.mark.parametrize(
    "transparent",
    [
        Image.new("RGBA", (64, 64), (0, 0, 0, 0)),
        Image.new("LA", (64, 64), (0, 0)),
        Image.new("RGBA", (64, 64), (255, 0, 255, 0)),
    ],
    ids=["black", "grey", "magenta"],
)
@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
def test_what_is_transparent_is_white(kind: str, transparent: Image.Image) -> None:
    assert mean(saved(transparent, kind)) == [255, 255, 255]


def test_half_transparent_red_is_pink() -> None:
    assert mean(saved(Image.new("RGBA", (64, 64), (255, 0, 0, 128)), "PNG")) == [255, 127, 127]


@pytest.mark.parametrize("mode", ["P", "L", "1", "RGB"])
def test_a_transparent_colour_is_white(mode: str) -> None:
    data = (
        saved(Image.new("RGB", (64, 64), "black").convert(mode), "PNG", transparency=0)
        if (mode != "RGB")
        else saved(Image.new("RGB", (64, 64), "black"), "PNG", transparency=(0, 0, 0))
    )
    assert mean(data) == [255, 255, 255]


def test_a_transparent_gif_is_over_white() -> None:
    gif = Image.new("P", (64, 64), 0)
    gif.putpalette([0, 0, 0, 255, 0, 0])
    assert mean(saved(gif, "GIF", transparency=0)) == [255, 255, 255]
    assert mean(saved(gif, "GIF")) == [0, 0, 0]


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "PPM"])
def test_grey_of_16_bits_is_not_clipped_to_white(kind: str) -> None:
    ramp = np.linspace(0, 65535, 256 * 256).reshape(256, 256).astype(np.uint16)
    shown = pixels(saved(Image.fromarray(ramp), kind))
    expected = pixels(saved(Image.fromarray((ramp / 257).round().astype(np.uint8)), "PNG"))
    assert apart(shown, expected) < 0.5


@pytest.mark.parametrize("white", [1.0, 255.0, 65535.0, 1e6])
def test_float_grey_goes_from_black_to_white_whatever_its_range(white: float) -> None:
    ramp = np.linspace(0, white, 256 * 256).reshape(256, 256).astype(np.float32)
    shown = pixels(saved(Image.fromarray(ramp), "TIFF"))
    assert shown.min() < 20
    assert shown.max() > 235


def test_pixels_that_are_no_numbers_are_refused() -> None:
    holes = np.full((32, 32), np.nan, np.float32)
    with pytest.raises(PhotoUnreadable, match="pixels that are no numbers"):
        read(saved(Image.fromarray(holes), "TIFF"))


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_colours_for_printing_are_shown_as_on_a_screen(kind: str, picture: Image.Image) -> None:
    printed = saved(picture.convert("CMYK"), kind)
    assert read(printed).photo.format == kind
    assert apart(pixels(printed), pixels(saved(picture, "PNG"))) < 4


def test_palettes_and_pictures_of_one_bit_are_read(picture: Image.Image) -> None:
    expected = pixels(saved(picture, "PNG"))
    assert apart(pixels(saved(picture.quantize(256), "PNG")), expected) < 5
    bits = picture.convert("1")
    shown = pixels(saved(bits, "PNG"))
    assert np.array_equal(shown, pixels(saved(bits.convert("L"), "PNG")))
    assert np.array_equal(shown, pixels(saved(bits, "TIFF", compression="group4")))
    assert shown.std() > 20


def test_grey_is_three_equal_channels(picture: Image.Image) -> None:
    shown = pixels(saved(picture.convert("L"), "JPEG"))
    assert np.array_equal(shown[..., 0], shown[..., 1])
    assert np.array_equal(shown[..., 0], shown[..., 2])


# --- hostile and broken --------------------------------------------------------------------


def png(width: int, height: int, rows: bytes = b"") -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", header),
            chunk(b"IDAT", zlib.compress(rows)),
            chunk(b"IEND", b""),
        ]
    )


def test_a_bomb_is_refused_by_its_header(monkeypatch: pytest.MonkeyPatch) -> None:
    unfolded: list[object] = []
    monkeypatch.setattr(ImageFile.ImageFile, "load", unfolded.append)
    bomb = png(50_000, 50_000)
    assert len(bomb) < 100
    with quiet_pillow(), pytest.raises(PhotoUnreadable, match="50000 x 50000 pixels, more than"):
        read(bomb)
    assert unfolded == []


def test_a_photo_of_200_megapixels_is_no_bomb() -> None:
    assert MAX_PIXELS > 16_320 * 12_240
    with quiet_pillow(), pytest.raises(PhotoUnreadable, match="is broken"):
        read(png(16_320, 12_240))  # it was looked at, and has no pixels


@pytest.mark.parametrize("kind", FORMATS)
def test_a_truncated_photo_is_refused(kind: str, picture: Image.Image) -> None:
    data = saved(picture, kind)
    for left in (0.3, 0.6, 0.95):
        for full_decode in (True, False):
            with pytest.raises(PhotoUnreadable, match="is broken, or of a kind that cannot be"):
                read(data[: int(len(data) * left)], Wants(full_decode=full_decode))


def test_nothing_but_refusals_comes_out_of_damaged_photos(picture: Image.Image) -> None:
    """Whatever a decoder raises; a photo that is still read has its shape."""
    chance = np.random.default_rng(0)
    small = picture.resize((60, 45))
    refused = 0
    with quiet_pillow():
        for kind in FORMATS:
            whole = saved(small, kind)
            for _ in range(15):
                data = bytearray(whole)
                for place in chance.integers(0, len(data), 8):
                    data[place] = chance.integers(0, 256)
                try:
                    assert pixels(bytes(data)).shape == (224, 224, 3)
                except PhotoUnreadable:
                    refused += 1
    assert 0 < refused < 15 * len(FORMATS)


def test_too_little_memory_is_a_refusal(
    picture: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object) -> None:
        raise MemoryError

    monkeypatch.setattr(decoding, "flat", full)
    with pytest.raises(PhotoUnreadable, match="needs more memory than it may have"):
        read(saved(picture, "PNG"))


def test_a_dng_under_another_name_is_refused(picture: Image.Image) -> None:
    with pytest.raises(PhotoUnreadable, match=r"camera RAW \(DNG\)"):
        read(saved(picture, "TIFF", tiffinfo={50706: b"\1\4\0\0"}))


# --- headers -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
def test_the_capture_time_is_read_from_every_format_that_holds_one(
    kind: str, picture: Image.Image
) -> None:
    data = saved(picture, kind, exif=exif(taken="2019:07:14 10:15:12"))
    assert read(data).photo.taken == datetime(2019, 7, 14, 10, 15, 12)
    assert read(saved(picture, kind)).photo.taken is None


@pytest.mark.parametrize(
    "block",
    [
        b"Exif\0\0garbage",
        b"Exif\0\0II*\0\xff\xff\xff\xff",
        b"Exif\0\0MM\0*\0\0\0\x08\xff\xff",
        exif(6)[:-4],
        b"",
    ],
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_broken_header_costs_the_date_and_not_the_photo(
    kind: str, block: bytes, picture: Image.Image
) -> None:
    with quiet_pillow():
        reading = read(saved(picture, kind, exif=block or exif()))
    assert reading.photo.taken is None


def test_a_broken_date_does_not_cost_the_orientation(
    picture: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(exif: Image.Exif) -> None:
        raise struct.error

    monkeypatch.setattr(metadata, "_taken", broken)
    data = saved(BACK[6](picture), "PNG", exif=exif(6))
    assert np.array_equal(pixels(data), pixels(saved(picture, "PNG")))


def test_a_header_behind_the_pixels_of_a_png_is_read(picture: Image.Image) -> None:
    data = saved(BACK[6](picture), "PNG", exif=exif(6, "2019:07:14 10:15:12"))
    start = data.index(b"eXIf") - 4
    (length,) = struct.unpack(">I", data[start : start + 4])
    end = start + 12 + length
    before_the_end = data.index(b"IEND") - 4
    moved = data[:start] + data[end:before_the_end] + data[start:end] + data[before_the_end:]
    reading = read(moved)
    assert (reading.photo.width, reading.photo.height) == picture.size
    assert reading.photo.taken == datetime(2019, 7, 14, 10, 15, 12)


# --- reading from the disk -----------------------------------------------------------------


def stored(folder: Path, data: bytes, name: str = "a.jpg") -> PhotoFile:
    (folder / name).write_bytes(data)
    return photo_file(folder / name)


def test_a_photo_is_read_with_its_file_and_the_hash_of_its_bytes(
    tmp_path: Path, picture: Image.Image
) -> None:
    data = saved(picture, "JPEG")
    file = stored(tmp_path, data)
    reading = read_photo(file, Wants())
    assert isinstance(reading, Reading)
    assert reading.photo.file == file
    assert reading.photo.content == blake3(data).digest()
    assert reading.photo.pixels == 301 * 215
    assert np.array_equal(pixels(data), reading.array)


def test_a_known_content_is_not_decoded(
    tmp_path: Path, picture: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = saved(picture, "JPEG")
    file = stored(tmp_path, data)
    monkeypatch.setattr(files, "decode", None)
    reading = read_photo(file, Wants(), {blake3(data).digest()})
    assert isinstance(reading, Reading)
    assert (reading.pixels, reading.photo.content) == (None, blake3(data).digest())


@pytest.mark.parametrize(
    ("data", "reason", "problem"),
    [
        (b"", "is empty (0 bytes)", True),
        (b"hello", "is named like a photo (.jpg), but its bytes are none", True),
        (b"\0\0\0\x18ftypmp42", "is a video, not a photo", False),
        (b"\xff\xd8\xff\xe0", "is broken, or of a kind that cannot be decoded", True),
    ],
)
def test_what_is_no_photo_becomes_a_skip_with_a_reason(
    tmp_path: Path, data: bytes, reason: str, problem: bool
) -> None:
    skip = read_photo(stored(tmp_path, data), Wants())
    assert isinstance(skip, Skip)
    assert skip.reason.startswith(reason)
    assert (skip.path, skip.problem, skip.passing) == (tmp_path / "a.jpg", problem, False)


def grow(file: PhotoFile) -> None:
    with file.path.open("ab") as handle:
        handle.write(b"more")


def touch(file: PhotoFile) -> None:
    os.utime(file.path, ns=(0, file.mtime_ns + 1))


def become_a_pipe(file: PhotoFile) -> None:
    file.path.unlink()
    os.mkfifo(file.path)


def become_a_link(file: PhotoFile) -> None:
    file.path.rename(file.path.with_name("other.jpg"))
    file.path.symlink_to("other.jpg")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (grow, "changed while it was read"),
        (touch, "changed while it was read"),
        (become_a_pipe, "is no longer a regular file"),
        (become_a_link, "cannot be read: "),
        (lambda file: file.path.unlink(), "cannot be read: No such file"),
    ],
)
def test_a_file_that_changes_after_it_was_found_is_tried_again(
    change: Callable[[PhotoFile], None], reason: str, tmp_path: Path, picture: Image.Image
) -> None:
    file = stored(tmp_path, saved(picture, "JPEG"))
    change(file)
    skip = read_photo(file, Wants())
    assert isinstance(skip, Skip)
    assert skip.reason.startswith(reason)
    assert skip.problem
    assert skip.passing


def test_a_file_that_grows_between_two_reads_is_tried_again(
    tmp_path: Path, picture: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = stored(tmp_path, saved(picture, "JPEG"))
    sniff = files.sniff

    def growing(path: Path, head: bytes) -> Skip | None:
        grow(file)
        return sniff(path, head)

    monkeypatch.setattr(files, "sniff", growing)
    skip = read_photo(file, Wants())
    assert isinstance(skip, Skip)
    assert skip.reason.startswith("changed while it was read")


def test_a_file_too_large_to_be_a_photo_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, picture: Image.Image
) -> None:
    monkeypatch.setattr(files, "MAX_BYTES", 100)
    skip = read_photo(stored(tmp_path, saved(picture, "JPEG")), Wants())
    assert isinstance(skip, Skip)
    assert "too large to be a photo" in skip.reason


def test_reading_leaves_a_photo_as_it_was(tmp_path: Path, picture: Image.Image) -> None:
    file = stored(tmp_path, saved(picture, "JPEG"))
    os.utime(file.path, ns=(10**18, 10**18))
    before = file.path.read_bytes()
    read_photo(photo_file(file.path), Wants())
    assert file.path.read_bytes() == before
    assert file.path.stat().st_mtime_ns == 10**18


@pytest.mark.parametrize(
    ("name", "reason"), [("gone.jpg", "cannot be read"), (".", "is not a file")]
)
def test_a_photo_named_by_hand_must_be_a_file(tmp_path: Path, name: str, reason: str) -> None:
    with pytest.raises(PhotoUnreadable, match=reason):
        photo_file(tmp_path / name)


def test_a_photo_named_by_hand_may_be_a_link(tmp_path: Path) -> None:
    file = stored(tmp_path, b"x")
    (tmp_path / "link.jpg").symlink_to("a.jpg")
    assert photo_file(tmp_path / "link.jpg") == file


# --- settings of the process ---------------------------------------------------------------


def test_settings_of_the_process_are_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1234)
    filters = list(warnings.filters)

    def fail() -> None:
        with quiet_pillow():
            assert Image.MAX_IMAGE_PIXELS is None
            assert list(warnings.filters) != filters
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert Image.MAX_IMAGE_PIXELS == 1234
    assert list(warnings.filters) == filters


def test_warnings_of_pillow_do_not_escape_and_others_do(picture: Image.Image) -> None:
    noisy = saved(picture, "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0\xff\xff")
    with pytest.warns(UserWarning, match="Corrupt EXIF"):
        read(noisy)  # so that there is something to keep quiet
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with quiet_pillow():
            read(noisy)
            warnings.warn("mine", UserWarning, stacklevel=1)
    assert [str(each.message) for each in caught] == ["mine"]


@pytest.mark.parametrize("size", [(504, 378), (378, 504), (500, 321), (2000, 300)])
@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
def test_only_the_middle_is_resized_where_a_photo_was_shrunk_already(
    size: tuple[int, int], interpolation: str
) -> None:
    wants = Wants(resize=256, crop=224, interpolation=interpolation, full_decode=False)
    picture = Image.effect_noise(size, 90).convert("RGB")
    exact, close = (
        np.frombuffer(crop_pixels(picture, wants, None, exact=exact), np.uint8).astype(int)
        for exact in (True, False)
    )
    assert np.abs(exact - close).max() <= 2
