"""Known edits that change every pixel and move none: light, colour, filters, blur, noise."""

from random import Random

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

_Light = npt.NDArray[np.floating]
_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)  # Rec. 709
# old brown paper, lightest and darkest
_PAPER = np.array([250.0, 236.0, 208.0], np.float32)
_INK = np.array([38.0, 22.0, 10.0], np.float32)


def light_of(photo: Image.Image) -> _Light:
    """(H, W, 3) float32, 0 to 255."""
    return np.asarray(photo, np.float32)


def picture_of(light: _Light) -> Image.Image:
    """The picture of (H, W, 3) values, cut off at 0 and 255."""
    return Image.fromarray(np.clip(light + 0.5, 0, 255).astype(np.uint8))


def exposed(photo: Image.Image, stops: float) -> Image.Image:
    """Brighter or darker by so many stops, in linear light, as a longer exposure is."""
    linear = (light_of(photo) / 255) ** 2.2
    return picture_of(255 * np.minimum(linear * 2.0**stops, 1) ** (1 / 2.2))


def contrasted(photo: Image.Image, factor: float) -> Image.Image:
    """Each value's distance from middle grey times `factor`."""
    return picture_of((light_of(photo) - 128) * factor + 128)


def gamma(photo: Image.Image, power: float) -> Image.Image:
    """Middle tones lifted (`power` below 1) or pressed; black and white stay."""
    return picture_of(255 * (light_of(photo) / 255) ** power)


def saturated(photo: Image.Image, factor: float) -> Image.Image:
    """Each colour's distance from its grey times `factor`; 0 is grey."""
    light = light_of(photo)
    grey = (light @ _LUMA)[..., None]
    return picture_of(grey + (light - grey) * factor)


def balanced(photo: Image.Image, red: float, blue: float) -> Image.Image:
    """Red and blue times a factor each: warmer or cooler."""
    return picture_of(light_of(photo) * np.array([red, 1.0, blue], np.float32))


def grey(photo: Image.Image) -> Image.Image:
    """Grey in a file of three channels, as apps save it."""
    return saturated(photo, 0.0)


def sepia(photo: Image.Image) -> Image.Image:
    """Grey between dark brown and the colour of old paper."""
    part = (light_of(photo) @ _LUMA)[..., None] / 255
    return picture_of(_INK + (_PAPER - _INK) * part)


def filtered(photo: Image.Image, draw: Random) -> Image.Image:
    """An app's filter: lifted blacks, an S-curve, warm lights, cool shadows, dark corners."""
    part = light_of(photo) / 255
    curve = part * part * (3 - 2 * part)
    light = 24 + 222 * (0.45 * part + 0.55 * curve)
    warmth = (part @ _LUMA)[..., None] - 0.5
    light = light + warmth * np.array([26.0, 4.0, -30.0], np.float32)
    return picture_of(light * _vignette(photo, draw.uniform(0.3, 0.45)))


def _vignette(photo: Image.Image, depth: float) -> _Light:
    """(H, W, 1): 1 in the middle, 1 - depth in the corners, as the cosine to the 4th falls."""
    down = np.linspace(-1, 1, photo.height, dtype=np.float32)[:, None]
    across = np.linspace(-1, 1, photo.width, dtype=np.float32)[None, :]
    away = (down * down + across * across) / 2
    return (1 - depth * away * away)[..., None]


def blurred(photo: Image.Image, part: float) -> Image.Image:
    """Out of focus by a Gaussian of `part` of the long side."""
    return photo.filter(ImageFilter.GaussianBlur(max(0.6, part * max(photo.size))))


def sharpened(photo: Image.Image) -> Image.Image:
    """An unsharp mask that is plainly too strong."""
    return photo.filter(ImageFilter.UnsharpMask(radius=2, percent=240, threshold=1))


def noisy(photo: Image.Image, draw: Random, deviation: float) -> Image.Image:
    """Noise of each pixel's own, more of it in grey than in colour, as of a high ISO."""
    random = np.random.default_rng(draw.getrandbits(64))
    shape = photo.height, photo.width
    both = random.normal(0, deviation, (*shape, 1)) + random.normal(0, deviation / 2, (*shape, 3))
    return picture_of(light_of(photo) + both.astype(np.float32))


def scanned(photo: Image.Image, draw: Random) -> Image.Image:
    """What a print loses: deep blacks, even light, sharpness; and what paper adds: its grain."""
    soft = light_of(photo.filter(ImageFilter.GaussianBlur(max(photo.size) / 700)))
    down, across = draw.uniform(-0.12, 0.12), draw.uniform(-0.12, 0.12)
    slope = (
        1
        + down * np.linspace(-1, 1, photo.height, dtype=np.float32)[:, None, None]
        + across * np.linspace(-1, 1, photo.width, dtype=np.float32)[None, :, None]
    )
    faded = np.array([34.0, 30.0, 26.0], np.float32) + soft * np.array(
        [0.84, 0.83, 0.77], np.float32
    )
    return noisy(picture_of(faded * slope), draw, 3.5)
