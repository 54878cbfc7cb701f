"""Where in a picture another one lies, and that one cut out of it."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt


class Field(NamedTuple):
    """A rectangle in a picture, upright or tilted.

    Attributes:
        place: (3, 3) float64, carries its pixels to those of the picture: a shift, or a turn and
            a shift.
        size: its width and height, in pixels of the picture.
    """

    place: npt.NDArray[np.float64]
    size: tuple[int, int]

    @property
    def area(self) -> int:
        """Its pixels."""
        return self.size[0] * self.size[1]

    @property
    def is_upright(self) -> bool:
        """Whether it is cut out without a turn: then to the pixel."""
        return bool((self.place[:2, :2] == np.eye(2)).all())


def upright_field(left: int, top: int, width: int, height: int) -> Field:
    """The rectangle that begins at a pixel."""
    place = np.eye(3)
    place[:2, 2] = left, top
    return Field(place, (width, height))


def tilted_field(middle: tuple[float, float], degrees: float, size: tuple[int, int]) -> Field:
    """The rectangle around a point, turned by so much clockwise."""
    cosine, sine = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    place = np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1.0]])
    place[:2, 2] = np.array(middle) - place[:2, :2] @ ((np.array(size) - 1) / 2)
    return Field(place, size)


def cut(pixels: npt.NDArray[np.uint8], field: Field) -> npt.NDArray[np.uint8]:
    """What a field shows.

    Args:
        pixels: (H, W) or (H, W, 3) of the picture.
        field: in it.

    Returns:
        (height, width) or (height, width, 3) uint8.
    """
    import cv2

    if field.is_upright:
        (left, top), (width, height) = field.place[:2, 2].astype(int), field.size
        return np.ascontiguousarray(pixels[top : top + height, left : left + width])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(pixels, field.place[:2], field.size, flags=flags), np.uint8)
