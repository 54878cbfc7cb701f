"""Four of the sample photos, and thumbnails as a scan makes them."""

from io import BytesIO
from pathlib import Path

from PIL import Image, ImageOps

SAMPLES = Path(__file__).resolve().parents[2] / "sample_photos"
PHOTOS = [
    "camera/2019/DSC_0733.JPG",
    "phone/2019-07/IMG_20190720_093048.jpg",
    "phone/2019-05/IMG_20190519_193321.jpg",
    "phone/2019-07/IMG_20190720_093044.jpg",
]


def photo(name: str, size: tuple[int, int] = (640, 480)) -> Image.Image:
    """One of them, upright, cut to a size."""
    with Image.open(SAMPLES / name) as file:
        return ImageOps.fit(ImageOps.exif_transpose(file).convert("RGB"), size)


def thumbnail(picture: Image.Image) -> bytes:
    """The JPEG that a scan would keep."""
    copy = picture.copy()
    copy.thumbnail((320, 320), Image.Resampling.LANCZOS)
    data = BytesIO()
    copy.save(data, "JPEG", quality=85)
    return data.getvalue()
