"""Pages of one template are not one picture, whatever they share; a page that was drawn on is."""

from collections.abc import Callable
from itertools import combinations
from random import Random

import pytest
from PIL import Image, ImageDraw, ImageFont
from small_pictures import PHOTOS, photo, thumbnail

from dedupe.matching.pairs.relations import is_one_picture
from dedupe.matching.pairs.verify import examine
from dedupe.matching.points.features import features_of

WORDS = "river budget forest growth meeting results market plan summer quarter team letter".split()


def is_same(one: Image.Image, other: Image.Image) -> bool:
    evidence = examine(*(features_of(thumbnail(each)) for each in (one, other)), alike=True)
    return evidence is not None and is_one_picture(evidence)


def letters(size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size=size)


def chart(number: int) -> Image.Image:
    """Columns of other heights beneath one title and above one row of months."""
    chance, page = Random(number), Image.new("RGB", (900, 600), "white")
    draw = ImageDraw.Draw(page)
    draw.text((250, 14), "Sales by month", "black", letters(44))
    draw.line((80, 80, 80, 520, 860, 520), "black", 4)
    for month, name in enumerate("JFMAMJJASOND"):
        x = 100 + 63 * month
        draw.rectangle((x, 520 - chance.randint(40, 420), x + 45, 518), (60, 120, 200))
        draw.text((x + 5, 535), name, "black", letters(28))
    for step in range(5):
        draw.text((20, 500 - 100 * step), str(25 * step), "black", letters(26))
    return page


def slide(number: int) -> Image.Image:
    """Other points in one design."""
    chance, page = Random(number), Image.new("RGB", (960, 720), (20, 40, 90))
    draw = ImageDraw.Draw(page)
    draw.rectangle((0, 110, 960, 650), (248, 248, 250))
    draw.text((40, 30), " ".join(chance.sample(WORDS, 3)).title(), "white", letters(56))
    draw.text((40, 670), "ACME Corp   confidential", (200, 210, 240), letters(28))
    draw.ellipse((880, 20, 940, 80), (240, 180, 30))
    for line in range(5):
        y = 150 + 78 * line
        draw.ellipse((60, y + 10, 78, y + 28), (20, 40, 90))
        draw.text((100, y), " ".join(chance.choices(WORDS, k=5)), (30, 30, 30), letters(36))
    return page


def month(number: int) -> Image.Image:
    """Other entries in the days of one month, on a telephone."""
    chance, page = Random(number), Image.new("RGB", (720, 1280), (40, 90, 70))
    draw = ImageDraw.Draw(page)
    draw.rounded_rectangle((60, 140, 660, 1230), 40, (248, 250, 246))
    draw.rounded_rectangle((90, 190, 630, 260), 30, (190, 225, 205))
    draw.text((120, 205), "Search", (60, 60, 60), letters(36))
    colours = (60, 120, 220), (210, 90, 80), (30, 160, 110)
    for day in range(42):
        x, y = 92 + 78 * (day % 7), 340 + 140 * (day // 7)
        draw.text((x + 6, y), str(day % 31 + 1), (40, 40, 40), letters(26))
        for entry in range(chance.randint(0, 3)):
            top = y + 35 + 28 * entry
            draw.rectangle((x, top, x + 68, top + 23), chance.choice(colours))
    return page


def stamped(page: Image.Image) -> Image.Image:
    stamp = Image.new("RGBA", (420, 160))
    draw = ImageDraw.Draw(stamp)
    draw.rectangle((5, 5, 415, 155), outline=(200, 20, 20), width=10)
    draw.text((40, 30), "PAID", (200, 20, 20), letters(100))
    stamp = stamp.rotate(18, expand=True)
    shown = page.copy()
    shown.paste(stamp, (page.width // 3, page.height // 3), stamp)
    return shown


@pytest.mark.parametrize("page", [chart, slide, month])
def test_two_pages_of_one_template_are_not_one_picture(page: Callable[[int], Image.Image]) -> None:
    pages = [page(number) for number in range(5)]
    assert not any(is_same(one, other) for one, other in combinations(pages, 2))


@pytest.mark.parametrize("page", [chart, slide, month])
def test_a_page_with_a_stamp_on_it_is_the_same_picture(page: Callable[[int], Image.Image]) -> None:
    assert is_same(page(1), stamped(page(1)))


@pytest.mark.parametrize("name", PHOTOS[:3])
def test_letters_over_all_of_a_sky_do_not_make_another_picture(name: str) -> None:
    sky = Image.linear_gradient("L").resize((600, 420)).point(lambda grey: 150 + grey // 4)
    whole = Image.merge("RGB", (sky, sky, sky.point(lambda grey: min(255, grey + 30))))
    whole.paste(photo(name, (600, 150)), (0, 270))
    meme = whole.copy()
    draw = ImageDraw.Draw(meme)
    for y, line in ((15, "ONE DOES NOT"), (120, "SIMPLY WALK")):
        draw.text((30, y), line, "white", letters(72), stroke_width=4, stroke_fill="black")
    assert is_same(whole, meme)


@pytest.mark.parametrize("name", PHOTOS[:3])
def test_letters_that_have_most_of_the_texture_do_not_either(name: str) -> None:
    whole = photo(name)
    marked = whole.copy()
    draw = ImageDraw.Draw(marked)
    for line in range(4):
        at = 20 - 40 * (line % 2), 120 * line
        draw.text(at, "preview only  preview only", "white", letters(60))
    assert is_same(whole, marked)
