"""Draw the pairs of docs/how-it-works.md: both thumbnails, and the points that fit.

python scripts/pairs_for_docs.py
"""

from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageOps

from dedupe.matching.pairs.geometry import align
from dedupe.matching.points.features import features_of

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT / "sample_photos"
PAIRS = {
    "screenshot": (
        "phone/2019-05/IMG_20190519_193321.jpg",
        "screenshots/Screenshot_20200302-211409.png",
    ),
    "crop": ("camera/2019/DSC_0733.JPG", "camera/2019/DSC_0733-2.JPG"),
    "two-shots": (
        "phone/2019-07/IMG_20190720_093048.jpg",
        "phone/2019-07/IMG_20190720_093044.jpg",
    ),
}
_LINES = 40


def thumbnail(path: Path) -> bytes:
    """As the index has it: JPEG, upright, 320 pixels at most."""
    with Image.open(path) as photo:
        small = ImageOps.exif_transpose(photo).convert("RGB")
    small.thumbnail((320, 320), Image.Resampling.LANCZOS)
    data = BytesIO()
    small.save(data, "JPEG", quality=85)
    return data.getvalue()


def drawn(first: Path, second: Path) -> Image.Image:
    """Both pictures side by side, every some point that fits joined by a line."""
    one, other = features_of(thumbnail(first)), features_of(thumbnail(second))
    alignment = align(one, other)
    shown = one.mirrored if alignment is not None and alignment.mirrored else one
    height = max(shown.size[1], other.size[1])
    gap = 16
    sheet = np.full((height, shown.size[0] + gap + other.size[0], 3), 255, np.uint8)
    sheet[: shown.size[1], : shown.size[0]] = shown.rgb
    right = shown.size[0] + gap
    sheet[: other.size[1], right:] = other.rgb
    if alignment is not None:
        starts, ends = alignment.points
        step = max(1, len(starts) // _LINES)
        for (x, y), (u, v) in zip(starts[::step], ends[::step], strict=True):
            start, end = (
                (round(float(x)), round(float(y))),
                (round(float(u)) + right, round(float(v))),
            )
            cv2.line(sheet, start, end, (255, 190, 0), 1, cv2.LINE_AA)
            for point in (start, end):
                cv2.circle(sheet, point, 2, (255, 60, 0), -1, cv2.LINE_AA)
    return Image.fromarray(sheet)


if __name__ == "__main__":
    (ROOT / "docs/images").mkdir(exist_ok=True)
    for name, (first, second) in PAIRS.items():
        drawn(SAMPLES / first, SAMPLES / second).save(ROOT / f"docs/images/{name}.jpg", quality=82)
