"""Known edits that put something over a photo or around it: words, bars, screens, collages."""

from collections.abc import Sequence
from random import Random

from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageOps

from dedupe.matching.calibration.edits_shape import fitted

_Colour = tuple[int, int, int]
_FINE = Image.Resampling.LANCZOS
_WORDS = (
    "summer at last",
    "look who is here",
    "wait for it",
    "best day ever",
    "no filter needed",
    "see you next year",
)
_PHONE = (1080, 2280)


def _font(pixels: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(max(8, int(pixels)))  # comes with Pillow: the same everywhere


def _write(
    canvas: Image.Image, at: tuple[float, float], words: str, pixels: float, fill: tuple[int, ...]
) -> None:
    ImageDraw.Draw(canvas, "RGBA").text(at, words, fill=fill, font=_font(pixels))


def bordered(photo: Image.Image, draw: Random) -> Image.Image:
    """A frame of one colour, 3 to 7 % of the short side."""
    width = round(min(photo.size) * draw.uniform(0.03, 0.07)) + 1
    return ImageOps.expand(photo, width, draw.choice([(250, 250, 248), (12, 12, 12), (92, 64, 44)]))


def polaroid(photo: Image.Image, draw: Random) -> Image.Image:
    """A square out of the middle on white card with a broad lower edge."""
    side = min(photo.size)
    edge, foot = round(side * 0.06), round(side * 0.24)
    card = Image.new("RGB", (side + 2 * edge, side + edge + foot), (246, 245, 240))
    card.paste(ImageOps.fit(photo, (side, side), _FINE), (edge, edge))
    _write(card, (edge * 2, edge * 1.6 + side), draw.choice(_WORDS), side / 14, (60, 60, 90, 255))
    return card


def captioned(photo: Image.Image, draw: Random, *, above: bool) -> Image.Image:
    """A bar with words on it, outside the picture."""
    bar = round(photo.height * draw.uniform(0.12, 0.22)) + 1
    ground, ink = draw.choice([((255, 255, 255), (0, 0, 0)), ((0, 0, 0), (255, 255, 255))])
    canvas = Image.new("RGB", (photo.width, photo.height + bar), ground)
    canvas.paste(photo, (0, bar if above else 0))
    top = 0 if above else photo.height
    size = min(bar * 0.5, photo.width / 12)
    _write(canvas, (photo.width * 0.04, top + bar * 0.22), draw.choice(_WORDS), size, (*ink, 255))
    return canvas


def lettered(photo: Image.Image, draw: Random) -> Image.Image:
    """Two lines of large words over the picture, white with a dark edge."""
    canvas = photo.copy()
    size = photo.width / 11
    pen = ImageDraw.Draw(canvas)
    for row in (draw.uniform(0.03, 0.12), draw.uniform(0.76, 0.84)):
        at = photo.width * 0.06, photo.height * row
        edge = max(1, int(size / 12))
        pen.text(
            at,
            draw.choice(_WORDS).upper(),
            "white",
            _font(size),
            stroke_width=edge,
            stroke_fill="black",
        )
    return canvas


def dated(photo: Image.Image, draw: Random) -> Image.Image:
    """The orange date in the lower right corner that cameras once burned in."""
    canvas = photo.copy()
    day = f"'{draw.randint(0, 29):02} {draw.randint(1, 12)} {draw.randint(1, 28)}"
    at = photo.width * 0.76, photo.height * 0.92
    _write(canvas, at, day, min(photo.size) / 20, (255, 138, 40, 255))
    return canvas


def with_sticker(photo: Image.Image, draw: Random) -> Image.Image:
    """A red heart or a star of 18 to 30 % of the short side, somewhere on the picture."""
    canvas = photo.copy()
    side = min(photo.size) * draw.uniform(0.18, 0.3)
    x = draw.uniform(0, photo.width - side)
    y = draw.uniform(0, photo.height - side)
    pen = ImageDraw.Draw(canvas)
    if draw.random() < 0.5:
        for left in (0.0, 0.46):
            pen.ellipse(
                (x + left * side, y, x + (left + 0.54) * side, y + side * 0.56), (226, 34, 58)
            )
        sides = [(x + 0.03 * side, y + side * 0.38), (x + 0.97 * side, y + side * 0.38)]
        pen.polygon([*sides, (x + side / 2, y + side)], (226, 34, 58))
    else:
        centre = (x + side / 2, y + side / 2, side / 2)
        pen.regular_polygon(centre, 3, 0, (90, 60, 220))
        pen.regular_polygon(centre, 3, 180, (90, 60, 220))
    return canvas


def watermarked(photo: Image.Image, draw: Random) -> Image.Image:
    """Half transparent words, slanted, again and again over all of the picture."""
    side = round((photo.width**2 + photo.height**2) ** 0.5) + 1
    sheet = Image.new("L", (side, side))
    pen = ImageDraw.Draw(sheet)
    size = min(photo.size) / 13
    step_x, step_y = size * 8, size * 3.4
    for row in range(int(side / step_y) + 1):
        for column in range(-1, int(side / step_x) + 1):
            at = column * step_x + (row % 2) * step_x / 2, row * step_y
            pen.text(at, "preview only", 255, _font(size))
    sheet = sheet.rotate(draw.uniform(25, 40), Image.Resampling.BICUBIC)
    left, top = (side - photo.width) // 2, (side - photo.height) // 2
    mask = sheet.crop((left, top, left + photo.width, top + photo.height))
    strength = draw.uniform(0.3, 0.45)
    canvas = photo.copy()
    canvas.paste((255, 255, 255), mask=mask.point([round(each * strength) for each in range(256)]))
    return canvas


def scribbled(photo: Image.Image, draw: Random) -> Image.Image:
    """A ring drawn by hand around something, and an arrow to it."""
    canvas = photo.copy()
    pen = ImageDraw.Draw(canvas)
    side = min(photo.size)
    x, y = photo.width * draw.uniform(0.3, 0.7), photo.height * draw.uniform(0.3, 0.7)
    width = max(2, round(side / 70))
    red = (232, 20, 20)
    pen.ellipse(
        (x - side * 0.17, y - side * 0.13, x + side * 0.17, y + side * 0.13), None, red, width
    )
    pen.line((x + side * 0.3, y + side * 0.28, x + side * 0.15, y + side * 0.12), red, width)
    return canvas


def on_a_phone(photo: Image.Image, draw: Random, *, dark: bool) -> Image.Image:
    """A screenshot of the photo in a gallery: status bar, title, buttons, one flat ground."""
    ground, ink = ((18, 18, 20), (236, 236, 238)) if dark else ((252, 252, 252), (28, 28, 30))
    width, height = _PHONE
    screen = Image.new("RGB", _PHONE, ground)
    picture = ImageOps.contain(photo, (width, height - 560), _FINE)
    screen.paste(picture, ((width - picture.width) // 2, (height - picture.height) // 2))
    _status(screen, draw, ink)
    title = f"{draw.randint(1, 28)} {draw.choice(['May', 'June', 'August'])}"
    _write(screen, (48, 130), title, 52, (*ink, 255))
    pen = ImageDraw.Draw(screen)
    for number in range(5):
        x, y = 108 + number * 216, height - 150
        pen.rounded_rectangle((x - 34, y - 34, x + 34, y + 34), 14, None, ink, 5)
    return fitted(screen, 1600)


def in_a_feed(photo: Image.Image, draw: Random) -> Image.Image:
    """A screenshot of an app that shows the photo as a post: name, likes, words, other rows."""
    width, height = _PHONE
    screen = Image.new("RGB", _PHONE, (255, 255, 255))
    ink = (24, 24, 24)
    _status(screen, draw, ink)
    pen = ImageDraw.Draw(screen)
    top = 240
    hue = tuple(draw.randint(60, 220) for _ in range(3))
    pen.ellipse((36, top - 110, 126, top - 20), hue)
    _write(screen, (150, top - 92), f"user_{draw.randint(100, 999)}", 42, (*ink, 255))
    shape = max(0.8, min(1.91, photo.width / photo.height))  # feeds cut what is longer
    picture = ImageOps.fit(photo, (width, round(width / shape)), _FINE)
    screen.paste(picture, (0, top))
    below = top + picture.height + 40
    for x in (60, 180, 300):
        pen.ellipse((x - 32, below, x + 32, below + 64), None, ink, 6)
    _write(screen, (36, below + 96), f"{draw.randint(12, 980)} likes", 42, (*ink, 255))
    _write(screen, (36, below + 168), draw.choice(_WORDS), 42, (*ink, 255))
    for y in range(below + 280, height - 160, 90):
        pen.rounded_rectangle((36, y, draw.randint(500, 1000), y + 36), 12, (226, 226, 228))
    pen.rectangle((0, height - 140, width, height), (245, 245, 245))
    return fitted(screen, 1600)


def in_a_story(photo: Image.Image, draw: Random) -> Image.Image:
    """The photo in the middle of a tall picture, itself blurred and enlarged behind it."""
    size = 900, 1600
    behind = ImageOps.fit(photo, (90, 160), _FINE).filter(ImageFilter.GaussianBlur(5))
    canvas = behind.resize(size, Image.Resampling.BICUBIC)
    picture = ImageOps.contain(photo, (round(size[0] * draw.uniform(0.84, 1)), 1180), _FINE)
    canvas.paste(picture, ((size[0] - picture.width) // 2, (size[1] - picture.height) // 2))
    pen = ImageDraw.Draw(canvas)
    for number in range(3):
        pen.rectangle((24 + number * 288, 26, 296 + number * 288, 34), (240, 240, 240))
    _write(canvas, (100, size[1] - 170), draw.choice(_WORDS), 58, (255, 255, 255, 255))
    return canvas


def _status(screen: Image.Image, draw: Random, ink: _Colour) -> None:
    """Clock, signal and battery at the top of a phone's screen."""
    clock = f"{draw.randint(6, 23)}:{draw.randint(0, 59):02}"
    _write(screen, (44, 32), clock, 40, (*ink, 255))
    pen = ImageDraw.Draw(screen)
    right = screen.width - 150
    for bar in range(4):
        pen.rectangle((right + bar * 18, 70 - bar * 9, right + bar * 18 + 10, 74), ink)
    pen.rounded_rectangle((right + 84, 40, right + 132, 74), 8, None, ink, 3)
    pen.rectangle((right + 90, 46, right + 90 + draw.randint(6, 36), 68), ink)


def collage(
    photo: Image.Image, others: Sequence[Image.Image], draw: Random, columns: int, rows: int
) -> Image.Image:
    """A grid of pictures with thin lines between; the photo is in one of its fields.

    Raises:
        ValueError: there are too few others to fill it.
    """
    fields = columns * rows
    if len(others) < fields - 1:
        raise ValueError(f"a collage of {fields} needs {fields - 1} other photos")
    width, height = photo.size
    gap = max(2, round(min(photo.size) * 0.012))
    whole = (columns * (width + gap) + gap, rows * (height + gap) + gap)
    canvas = Image.new("RGB", whole, (255, 255, 255))
    pictures = list(others[: fields - 1])
    pictures.insert(draw.randrange(fields), photo)
    for number, each in enumerate(pictures):
        x, y = gap + number % columns * (width + gap), gap + number // columns * (height + gap)
        canvas.paste(ImageOps.fit(each, (width, height), _FINE), (x, y))
    return fitted(canvas, max(photo.size))
