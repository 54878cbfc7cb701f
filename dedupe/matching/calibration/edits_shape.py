"""Known edits that change the frame: sizes, turns, crops, tilts, and a paper on a table."""

from random import Random

import numpy as np
import numpy.typing as npt
from PIL import Image

_SMOOTH = Image.Resampling.BICUBIC
_FINE = Image.Resampling.LANCZOS

# below it neither an encoder nor a person has anything to look at
_LEAST = 8


def resized(photo: Image.Image, factor: float) -> Image.Image:
    """The whole picture at `factor` times its width and height."""
    size = max(_LEAST, round(photo.width * factor)), max(_LEAST, round(photo.height * factor))
    return photo.resize(size, _FINE)


def fitted(photo: Image.Image, long_side: int) -> Image.Image:
    """The whole picture, its long side `long_side` pixels or fewer; never enlarged."""
    return resized(photo, min(1.0, long_side / max(photo.size)))


def cropped(photo: Image.Image, draw: Random, area: float) -> Image.Image:
    """Cut `area` (0 to 1) of the picture away, in its own proportions, near the middle."""
    side = (1 - area) ** 0.5
    return _cut(photo, side, side, 0.5 + draw.uniform(-0.25, 0.25), 0.5 + draw.uniform(-0.25, 0.25))


def cropped_to_corner(photo: Image.Image, draw: Random, area: float) -> Image.Image:
    """Cut `area` away so that two edges of the picture stay: all is cut on the other two."""
    side = (1 - area) ** 0.5
    return _cut(photo, side, side, draw.choice((0.0, 1.0)), draw.choice((0.0, 1.0)))


def cropped_to_shape(photo: Image.Image, shape: float) -> Image.Image:
    """The largest part from the middle whose width is `shape` times its height."""
    wide = min(1.0, shape * photo.height / photo.width)
    high = min(1.0, photo.width / (shape * photo.height))
    return _cut(photo, wide, high, 0.5, 0.5)


def _cut(photo: Image.Image, wide: float, high: float, x: float, y: float) -> Image.Image:
    """A part of the picture; x and y say where in what is left over it lies, 0 to 1."""
    width = max(_LEAST, round(photo.width * wide))
    height = max(_LEAST, round(photo.height * high))
    left, top = round((photo.width - width) * x), round((photo.height - height) * y)
    return photo.crop((left, top, left + width, top + height))


def tilted(photo: Image.Image, draw: Random, degrees: float, *, corners: bool) -> Image.Image:
    """Turn by a few degrees to one side or the other.

    Args:
        photo: the picture.
        draw: decides the side.
        degrees: by how much, up to a tenth more or less.
        corners: keep all of the picture, with grey corners around; otherwise the largest
            upright part without corners, as a tool that straightens leaves it.
    """
    angle = degrees * draw.uniform(0.9, 1.1) * draw.choice((-1, 1))
    turned = photo.rotate(angle, _SMOOTH, expand=corners, fillcolor=(214, 214, 214))
    if corners:
        return turned
    # the part of the same proportions that fits: its own corners touch the turned edges
    radians = np.deg2rad(abs(angle))
    long = max(photo.size) / min(photo.size)
    side = float(1 / (np.cos(radians) + long * np.sin(radians)))
    side *= 1 - 3 / min(photo.size)  # the smoothing mixes the corners into a pixel or two more
    return _cut(turned, side, side, 0.5, 0.5)


def seen_from_the_side(photo: Image.Image, draw: Random, most: float) -> Image.Image:
    """As a picture looks that was not photographed straight on: corners move inwards.

    Args:
        photo: the picture.
        draw: decides how far each corner moves.
        most: of a side, 0 to 0.5.
    """
    corners = [(draw.uniform(0, most), draw.uniform(0, most)) for _ in range(4)]
    return warped(photo, corners, (58, 52, 46))


def warped(
    photo: Image.Image, inset: list[tuple[float, float]], ground: tuple[int, int, int]
) -> Image.Image:
    """The picture with its corners moved inwards, on a ground of one colour.

    Args:
        photo: the picture.
        inset: of the corners from the upper left one clockwise, as parts of width and height.
        ground: red, green and blue of what shows beside it.
    """
    width, height = photo.size
    at = [(0, 0), (width, 0), (width, height), (0, height)]
    away = [(1, 1), (-1, 1), (-1, -1), (1, -1)]
    to = [
        (x + sign_x * part_x * width, y + sign_y * part_y * height)
        for (x, y), (sign_x, sign_y), (part_x, part_y) in zip(at, away, inset, strict=True)
    ]
    # Pillow asks of every new pixel where it came from
    back = _homography(np.array(to, float), np.array(at, float))
    return photo.transform(photo.size, Image.Transform.PERSPECTIVE, back, _SMOOTH, fillcolor=ground)


def _homography(
    source: npt.NDArray[np.float64], target: npt.NDArray[np.float64]
) -> tuple[float, ...]:
    """The 8 numbers of the map that takes four points to four others (Hartley & Zisserman, 4.1)."""
    rows = []
    for (x, y), (u, v) in zip(source, target, strict=True):
        rows.append((x, y, 1, 0, 0, 0, -u * x, -u * y))
        rows.append((0, 0, 0, x, y, 1, -v * x, -v * y))
    return tuple(np.linalg.solve(np.array(rows), target.ravel()).tolist())
