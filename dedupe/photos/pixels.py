"""From a decoded picture to what is looked at: a square for the encoder, a thumbnail, a hash."""

from collections.abc import Iterator
from io import BytesIO
from typing import Protocol

from blake3 import blake3
from PIL import Image

from dedupe.errors import PhotoUnreadable
from dedupe.photos.colour import to_srgb

THUMBNAIL = 320  # the long side, in pixels
_THUMBNAIL_QUALITY = 85
GREY = 64  # side of the grey picture behind the DCT hash

# EXIF orientation to what turns it upright. ImageOps.exif_transpose does the same, but
# writes the EXIF block anew and fails on a damaged one.
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}


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
        """Whether a photo is unfolded and resized at full size, with no shortcut on the way."""


def loses_bits(image: Image.Image) -> bool:
    """Whether Pillow leaves 8 bits a channel of 16 of a PNG or TIFF, or of 10 of a HEIF.

    Equal pixels are then no proof. To be asked before the picture is unfolded.
    """
    if image.mode.startswith(("I", "F")):
        return False
    bits = image.info.get("bit_depth")
    tiles = getattr(image, "tile", ())
    return (isinstance(bits, int) and bits > 8) or any(";16" in str(tile.args) for tile in tiles)


def pixel_hash(image: Image.Image, profile: bytes | None, reduced: int) -> bytes:
    """blake3 of every pixel, and of what gives the pixels their meaning.

    Args:
        image: upright, as decoded.
        profile: its colour profile.
        reduced: by how much the decoder shrank it; 1 if not.
    """
    if image.mode in ("P", "PA"):  # two palettes may order the same colours differently
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    digest = blake3(f"{image.mode} {image.width}x{image.height} 1/{reduced} ".encode())
    digest.update(blake3(profile or b"").digest())
    for strip in _strips(image):
        digest.update(strip.tobytes())
    return digest.digest()


def _strips(image: Image.Image, rows: int = 512) -> Iterator[Image.Image]:
    """The picture in parts, so that no second copy of all of it is made."""
    if image.height <= rows:
        yield image
        return
    for top in range(0, image.height, rows):
        yield image.crop((0, top, image.width, min(top + rows, image.height)))


def flat(image: Image.Image) -> Image.Image:
    """8 bits a channel in L, RGB, CMYK or LAB, over white where the picture is transparent.

    Raises:
        PhotoUnreadable: its pixels are no numbers.
    """
    if image.mode.startswith("I") or image.mode == "F":
        image = _to_8_bit(image)
    if image.has_transparency_data:
        # convert("RGB") would show what hides behind transparency, mostly black
        rgba = image.convert("RGBA")
        over = Image.new("RGB", rgba.size, "white")
        over.paste(rgba, mask=rgba.getchannel("A"))
        return over
    return image if image.mode in ("L", "RGB", "CMYK", "LAB") else image.convert("RGB")


def _to_8_bit(image: Image.Image) -> Image.Image:
    """Grey of 16, 32 or float bits; Pillow's own convert() clips it to white.

    No header says where white is: it is taken to lie at 1 (float only), 255, 65535 or at the
    brightest pixel, the first of these that is no darker than that.
    """
    import numpy as np  # here: a worker that meets no such photo starts in half the time

    values = np.asarray(image).astype(np.float32)
    if not np.isfinite(values).all():
        raise PhotoUnreadable("has pixels that are no numbers")
    top = float(values.max(initial=0.0))
    whites = (1.0, 255.0, 65535.0) if image.mode == "F" else (255.0, 65535.0)
    scale = 255 / next((white for white in whites if top <= white), top)
    return Image.fromarray(np.clip(values * scale, 0, 255).round().astype(np.uint8))


def shrunk(image: Image.Image, short: int) -> Image.Image:
    """The picture at a whole fraction of its size, its short side no less than `short`.

    Averages of whole blocks: a tenth of the cost of resizing from the full size, and as
    exact where at least twice what is wanted remains. What is left over for a block, 0.2 % of
    a 12 MP photo at most, is cut off on both sides: half a block would count as a whole one,
    and move all that is beside it.
    """
    factor = min(image.size) // short
    if factor < 2:
        return image
    width, height = image.width // factor * factor, image.height // factor * factor
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.reduce(factor, (left, top, left + width, top + height))


def crop_pixels(
    image: Image.Image, wants: Preparation, profile: bytes | None, *, exact: bool = True
) -> bytes:
    """crop * crop * 3 bytes of RGB: the middle of the picture in sRGB, row by row.

    Args:
        image: as `flat` gives it.
        wants: the sizes; their arithmetic is torchvision's (`Resize`, `CenterCrop`).
        profile: the picture's colour profile.
        exact: whether the pixels are torchvision's, to the last bit. Otherwise one in 40 is
            another by 1 or 2 of 255, at two thirds of the time.
    """
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
    across, down = (wants.resize, side) if width <= height else (side, wants.resize)
    left, top = round((across - wants.crop) / 2), round((down - wants.crop) / 2)
    right, bottom = left + wants.crop, top + wants.crop
    how = _FILTERS[wants.interpolation]
    if exact:
        square = image.resize((across, down), how).crop((left, top, right, bottom))
    else:
        x, y = width / across, height / down
        box = (left * x, top * y, min(right * x, width), min(bottom * y, height))
        square = image.resize((wants.crop, wants.crop), how, box)
    return to_srgb(square, profile).tobytes()


def small_picture(image: Image.Image, profile: bytes | None) -> Image.Image:
    """RGB in sRGB, the long side THUMBNAIL pixels or fewer; never enlarged.

    Args:
        image: as `flat` gives it.
        profile: the picture's colour profile.
    """
    scale = min(1.0, THUMBNAIL / max(image.size))
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    small = image.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    return to_srgb(small, profile)


def jpeg(image: Image.Image) -> bytes:
    """A small picture as a JPEG file without metadata, about 10 kB."""
    file = BytesIO()
    image.save(file, "JPEG", quality=_THUMBNAIL_QUALITY)
    return file.getvalue()


def grey(image: Image.Image) -> bytes:
    """GREY * GREY bytes: the whole picture, squeezed into a square, row by row."""
    return image.convert("L").resize((GREY, GREY), Image.Resampling.BILINEAR).tobytes()
