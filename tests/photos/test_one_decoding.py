"""What is computed of a photo by the one decoding: hash of pixels, thumbnail, what it is."""

import struct
from io import BytesIO
from pathlib import Path
from zlib import compress, crc32

import pytest
from PIL import Image

from dedupe.photos.decode import Reading, Wants, decode
from dedupe.photos.photo import PhotoFile
from dedupe.photos.pixels import THUMBNAIL

SAMPLES = Path(__file__).parents[2] / "sample_photos"
NOWHERE = PhotoFile(path=Path("/nowhere/photo"), size=0, mtime_ns=0, device=0, inode=0)
SMALL = Wants(resize=32, crop=28, interpolation="bilinear", full_decode=False)
FULL = Wants(resize=32, crop=28, interpolation="bilinear", full_decode=True)


@pytest.fixture
def picture() -> Image.Image:
    with Image.open(SAMPLES / "phone/2019-07/IMG_20190714_101512.jpg") as image:
        return image.convert("RGB").crop((0, 0, 600, 400))


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **options)  # type: ignore[arg-type]
    return buffer.getvalue()


def tagged(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[274] = orientation
    return exif


def read(data: bytes, wants: Wants = SMALL) -> Reading:
    return decode(data, NOWHERE, wants)


def shown(reading: Reading) -> Image.Image:
    assert reading.thumbnail is not None
    return Image.open(BytesIO(reading.thumbnail))


# --- the hash of the pixels


def test_one_picture_in_several_lossless_files_has_one_pixel_hash(picture: Image.Image) -> None:
    kinds = [
        saved(picture, "PNG"),
        saved(picture, "BMP"),
        saved(picture, "TIFF", compression="tiff_lzw"),
        saved(picture, "WEBP", lossless=True),
        saved(picture, "PNG", compress_level=1, exif=tagged(1)),
    ]
    hashes = {read(data).photo.pixel_hash for data in kinds}
    assert len(hashes) == 1
    assert len(hashes.pop()) == 32


def png(image: Image.Image, bits: int) -> bytes:
    """A PNG of 8 bits a channel, or of 16 of which the lower 8 say more."""
    data = image.tobytes()
    if bits == 16:
        data = bytes(each for byte in data for each in (byte, byte ^ 85))
    row = len(data) // image.height
    lines = b"".join(b"\0" + data[at : at + row] for at in range(0, len(data), row))

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", crc32(kind + body))

    head = struct.pack(">IIBBBBB", *image.size, bits, 2, 0, 0, 0)
    chunks = chunk(b"IHDR", head), chunk(b"IDAT", compress(lines, 1)), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def test_a_picture_of_which_only_the_upper_half_of_16_bits_is_left_has_no_pixel_hash(
    picture: Image.Image,
) -> None:
    deep, plain = read(png(picture, 16)), read(png(picture, 8))
    assert shown(deep).tobytes() == shown(plain).tobytes()
    assert plain.photo.pixel_hash == read(saved(picture, "PNG")).photo.pixel_hash
    assert deep.photo.pixel_hash == b""


def test_a_turned_file_has_the_pixel_hash_of_the_upright_one(picture: Image.Image) -> None:
    turned = saved(picture.transpose(Image.Transpose.ROTATE_90), "PNG", exif=tagged(6))
    assert read(turned).photo.pixel_hash == read(saved(picture, "PNG")).photo.pixel_hash


def test_one_other_pixel_is_another_pixel_hash(picture: Image.Image) -> None:
    other = picture.copy()
    red, green, blue = other.getpixel((599, 399))  # type: ignore[misc]
    other.putpixel((599, 399), (red ^ 1, green, blue))
    one, two = read(saved(picture, "PNG")).photo, read(saved(other, "PNG")).photo
    assert one.pixel_hash != two.pixel_hash
    assert (one.reduced, two.reduced) == (1, 1)


def test_tall_pictures_are_hashed_to_the_last_row() -> None:
    tall = Image.new("RGB", (20, 1500), "white")
    other = tall.copy()
    other.putpixel((19, 1499), (254, 255, 255))
    assert read(saved(tall, "PNG")).photo.pixel_hash != read(saved(other, "PNG")).photo.pixel_hash


def test_what_hides_behind_transparency_counts() -> None:
    seen = Image.new("RGBA", (40, 40), (255, 0, 0, 0))
    hidden = Image.new("RGBA", (40, 40), (0, 255, 0, 0))
    one, two = read(saved(seen, "PNG")), read(saved(hidden, "PNG"))
    assert one.pixels == two.pixels
    assert one.photo.pixel_hash != two.photo.pixel_hash


def test_sizes_with_as_many_pixels_are_told_apart() -> None:
    wide, high = Image.new("RGB", (80, 40), "navy"), Image.new("RGB", (40, 80), "navy")
    assert read(saved(wide, "PNG")).photo.pixel_hash != read(saved(high, "PNG")).photo.pixel_hash


def test_the_order_of_a_palette_is_no_difference() -> None:
    colours = Image.new("RGB", (40, 40), "red")
    colours.paste("blue", (0, 0, 20, 40))
    one = colours.quantize(2)
    palette = one.getpalette() or []
    swapped = one.point([1, 0] + [0] * 254)
    swapped.putpalette(palette[3:6] + palette[:3])
    assert read(saved(one, "PNG")).photo.pixel_hash == read(saved(swapped, "PNG")).photo.pixel_hash


def test_metadata_is_no_difference_to_a_jpeg_and_its_hash_says_that_it_is_reduced(
    picture: Image.Image,
) -> None:
    plain, dated = saved(picture, "JPEG"), saved(picture, "JPEG", exif=tagged(1), comment="x")
    one, two = read(plain).photo, read(dated).photo
    assert one.content == two.content or one.pixel_hash == two.pixel_hash
    large = saved(picture.resize((1200, 800)), "JPEG")
    assert (read(large).photo.reduced, read(large, FULL).photo.reduced) == (2, 1)
    assert read(large).photo.pixel_hash != read(large, FULL).photo.pixel_hash


# --- the thumbnail


@pytest.mark.parametrize(("size", "expected"), [((600, 400), (320, 213)), ((90, 60), (90, 60))])
def test_the_thumbnail_is_the_whole_picture_and_never_enlarged(
    picture: Image.Image, size: tuple[int, int], expected: tuple[int, int]
) -> None:
    reading = read(saved(picture.resize(size), "PNG"))
    assert shown(reading).size == expected
    assert max(shown(reading).size) <= THUMBNAIL


def test_the_thumbnail_is_upright(picture: Image.Image) -> None:
    turned = saved(picture.transpose(Image.Transpose.ROTATE_90), "JPEG", exif=tagged(6))
    upright, plain = shown(read(turned)), shown(read(saved(picture, "JPEG")))
    assert upright.size == plain.size
    assert "exif" not in upright.info


def test_a_strip_has_a_thumbnail_of_all_of_it() -> None:
    assert shown(read(saved(Image.new("RGB", (4000, 3), "red"), "PNG"))).size == (320, 1)


def test_no_thumbnail_where_none_is_wanted(picture: Image.Image) -> None:
    reading = decode(saved(picture, "PNG"), NOWHERE, SMALL, thumbnail=False)
    assert reading.thumbnail is None
    assert reading.grey == read(saved(picture, "PNG")).grey


# --- what it is


def test_of_an_animation_the_first_frame_is_read_and_all_are_counted(
    picture: Image.Image,
) -> None:
    frames = [picture, Image.new("RGB", picture.size, "red"), Image.new("RGB", picture.size)]
    for kind in ("GIF", "PNG", "WEBP", "TIFF"):
        data = saved(frames[0], kind, save_all=True, append_images=frames[1:])
        reading = read(data)
        assert reading.photo.frames == 3, kind
        assert abs(reading.array.astype(int) - read(saved(picture, kind)).array).mean() < 12, kind


def test_a_photo_is_one_frame_also_with_a_preview_beside_it(picture: Image.Image) -> None:
    two = saved(picture, "MPO", save_all=True, append_images=[picture.resize((60, 40))])
    assert (read(two).photo.format, read(two).photo.frames) == ("MPO", 1)


@pytest.mark.parametrize("quality", [35, 75, 92])
def test_the_quality_of_a_jpeg_is_known(picture: Image.Image, quality: int) -> None:
    assert read(saved(picture, "JPEG", quality=quality)).photo.jpeg_quality == quality
    assert read(saved(picture, "PNG")).photo.jpeg_quality is None


def test_large_pictures_come_out_as_if_resized_at_once(picture: Image.Image) -> None:
    large = saved(picture.resize((3000, 2000), Image.Resampling.BICUBIC), "PNG")
    sizes = (256, 224, "bilinear")
    quick = read(large, Wants(*sizes, full_decode=False)).array.astype(int)
    slow = read(large, Wants(*sizes, full_decode=True)).array.astype(int)
    assert 0 < abs(quick - slow).mean() < 2


def test_what_is_known_of_the_photo_is_said(picture: Image.Image) -> None:
    exif = Image.Exif()
    exif[271], exif[272], exif[305] = "Canon", "Canon EOS 450D", "GIMP 2.10"
    exif.get_ifd(0x8769)[36867] = "2019:07:14 10:15:12"
    exif.get_ifd(0x8825).update({1: "N", 2: (47.0, 30.0, 0.0), 3: "E", 4: (8.0, 30.0, 0.0)})
    photo = read(saved(picture, "JPEG", exif=exif)).photo
    assert (photo.camera, photo.software, photo.gps) == ("Canon EOS 450D", "GIMP 2.10", True)
    assert (photo.taken_from, str(photo.taken)) == ("original", "2019-07-14 10:15:12")
    assert (photo.latitude, photo.longitude) == (47.5, 8.5)
