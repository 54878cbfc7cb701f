"""What happens to photos in real life: crops, turns, chat copies, screenshots, other metadata.

Everything here is a plain function of its arguments, so that the samples come out the same
every time (with the same versions of Pillow and pillow-heif).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import pillow_heif
from PIL import ExifTags, Image, ImageDraw, ImageEnhance, ImageFont, ImageOps

pillow_heif.register_heif_opener()

Change = Callable[[Image.Image], Image.Image]


@dataclass(frozen=True, slots=True)
class Taken:
    """What a camera writes into a photo. The makers, models and times are all invented."""

    model: str
    time: datetime
    subsec: str = ""

    def exif(self, *, later: int = 0, orientation: int = 1, software: str = "") -> bytes:
        """The EXIF block of a shot `later` seconds after this one."""
        time = (self.time + timedelta(seconds=later)).strftime("%Y:%m:%d %H:%M:%S")
        exif = Image.Exif()
        exif[ExifTags.Base.Make] = "Example"
        exif[ExifTags.Base.Model] = self.model
        exif[ExifTags.Base.Orientation] = orientation
        exif[ExifTags.Base.DateTime] = time
        if software:
            exif[ExifTags.Base.Software] = software
        details = exif.get_ifd(ExifTags.IFD.Exif)
        details[ExifTags.Base.DateTimeOriginal] = time
        details[ExifTags.Base.DateTimeDigitized] = time
        if self.subsec:
            details[ExifTags.Base.SubsecTimeOriginal] = self.subsec
        return exif.tobytes()


def encode(image: Image.Image, suffix: str, quality: int, exif: bytes) -> bytes:
    """The bytes of a file with this suffix; an empty `exif` writes none."""
    options: dict[str, Any] = {"exif": exif} if exif else {}
    if suffix.lower() == ".png":
        options["optimize"] = True
    else:
        options["quality"] = quality
    out = BytesIO()
    image.save(out, Image.registered_extensions()[suffix.lower()], **options)
    return out.getvalue()


def swap_exif(jpeg: bytes, old: bytes, new: bytes) -> bytes:
    """The same JPEG with another EXIF block; not one bit of its pixels changes."""
    assert jpeg.count(_segment(old)) == 1
    return jpeg.replace(_segment(old), _segment(new))


def _segment(exif: bytes) -> bytes:
    return b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif


def fit(image: Image.Image, side: int) -> Image.Image:
    """Scaled down until the long side is `side`; never scaled up."""
    image = image.copy()
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    return image


def half(image: Image.Image) -> Image.Image:
    """Half as wide and half as high."""
    return image.resize((image.width // 2, image.height // 2), Image.Resampling.LANCZOS)


def thumbnail(side: int) -> Change:
    """A small preview."""
    return lambda image: fit(image, side)


def crop(share: float, x: float = 0.5, y: float = 0.5) -> Change:
    """`share` of the width and of the height, taken from left (x=0) to right (1), top to bottom."""

    def change(image: Image.Image) -> Image.Image:
        width, height = round(image.width * share), round(image.height * share)
        left, top = round((image.width - width) * x), round((image.height - height) * y)
        return image.crop((left, top, left + width, top + height))

    return change


def turn(degrees: int) -> Change:
    """The pixels turned anticlockwise by 90, 180 or 270 degrees."""
    return lambda image: image.rotate(degrees, expand=True)


def mirror(image: Image.Image) -> Image.Image:
    """Left and right exchanged, as selfies are."""
    return ImageOps.mirror(image)


def grey(image: Image.Image) -> Image.Image:
    """A black and white filter."""
    return ImageOps.grayscale(image).convert("RGB")


def view(*corners: tuple[float, float], light: float = 1.0, warmth: float = 0.0) -> Change:
    """What a camera that stands a little elsewhere would see of a large photo.

    Args:
        corners: where its upper left, lower left, lower right and upper right corner lie, as
            shares of the width and the height. Four that form no rectangle tilt the camera.
        light: exposure; 1 leaves it alone.
        warmth: share by which red gains and blue loses.
    """

    def change(image: Image.Image) -> Image.Image:
        width = round(image.width * (corners[3][0] - corners[0][0]))
        height = round(image.height * (corners[1][1] - corners[0][1]))
        quad = [
            at * side for corner in corners for at, side in zip(corner, image.size, strict=True)
        ]
        seen = image.transform(
            (width, height), Image.Transform.QUAD, quad, Image.Resampling.BICUBIC
        )
        red, green, blue = ImageEnhance.Brightness(seen).enhance(light).split()
        red = red.point(lambda value: value * (1 + warmth))
        blue = blue.point(lambda value: value * (1 - warmth))
        return Image.merge("RGB", (red, green, blue))

    return change


def screenshot(title: str, clock: str) -> Change:
    """The photo as a phone's gallery shows it, between a status bar and a row of buttons."""
    width, height, ink = 540, 1170, "#e8eaed"

    def change(image: Image.Image) -> Image.Image:
        screen = Image.new("RGB", (width, height), "#101214")
        photo = image.resize((width, image.height * width // image.width), Image.Resampling.LANCZOS)
        screen.paste(photo, (0, (height - photo.height) // 2))
        draw = ImageDraw.Draw(screen)
        small, large = ImageFont.load_default(20), ImageFont.load_default(26)
        draw.text((24, 14), clock, ink, small)
        for bar in range(4):
            draw.rectangle((420 + 8 * bar, 32 - 5 * bar, 424 + 8 * bar, 36), ink)
        draw.rounded_rectangle((470, 17, 510, 36), 4, outline=ink, width=2)
        draw.rectangle((474, 21, 498, 32), ink)
        draw.line((46, 86, 30, 100, 46, 114), ink, 3)
        draw.text((76, 84), title, ink, large)
        for dot in range(3):
            draw.ellipse((506, 86 + 11 * dot, 511, 91 + 11 * dot), ink)
        for column, label in enumerate(("Share", "Edit", "Info", "Delete")):
            middle = 68 + 135 * column
            draw.rounded_rectangle((middle - 14, 1058, middle + 14, 1086), 8, outline=ink, width=3)
            draw.text((middle, 1110), label, ink, small, anchor="mm")
        draw.rounded_rectangle((190, 1148, 350, 1153), 2, ink)
        return screen

    return change
