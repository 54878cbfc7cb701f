"""Pages and screens of one template: with other content they are not one picture.

    python benchmarks/templates.py FOLDER [--pairs 100] [--sheet FILE]

Made are pages of one template (slides, bar charts, letters, calendars) with other words and
numbers, and screens of one app, posters and memes with other photos of the folder. Pairs of each
kind are laid on each other as `group` does it; printed is how many are called one picture: none
should be. Then the same pages with something over them (stickers, strokes, redactions, a
watermark, a caption, a stamp) beside the pages as they were: all of these should be. `--sheet`
writes the pairs that are called one picture and are not.
"""

import argparse
import io
import random
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import combinations
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from dedupe.cores import cores
from dedupe.matching.pairs.relations import is_one_picture
from dedupe.matching.pairs.verify import examine
from dedupe.matching.points.features import features_of

PAGES, PHOTOS = 14, 60
WORDS = (
    "alpha river budget forest growth meeting results market plan summer quarter team window"
    " light paper signal garden station letter future"
).split()
INK, WHITE, PALE = (20, 20, 20), (255, 255, 255), (248, 248, 250)

Picture = Image.Image


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="photos to show on screens")
    parser.add_argument("--pairs", type=int, default=100, help="of each kind, at most")
    parser.add_argument("--sheet", type=Path, help="write wrong pairs there, as one picture")
    options = parser.parse_args()
    chance = random.Random(3)
    photos = [*some_photos(options.folder, PHOTOS, chance), *plain_photos()]
    wrong: list[tuple[bytes, bytes]] = []
    print(f"{len(photos)} photos\n\n| other content | pairs | one picture |\n|---|---|---|")
    for name, made in [*pages(), *screens(photos)]:
        small = [thumbnail(each) for each in made]
        pairs = list(combinations(small, 2))
        chance.shuffle(pairs)
        pairs = pairs[: options.pairs]
        joined = [pair for pair, same in zip(pairs, compared(pairs), strict=True) if same]
        wrong += joined
        print(f"| {name} | {len(pairs)} | {len(joined)} |", flush=True)
    print("\n| the same page, with | pairs | one picture |\n|---|---|---|")
    for name, lay in OVER.items():
        beside = [
            (thumbnail(page), thumbnail(lay(page.copy(), random.Random(number))))
            for _, made in pages()
            for number, page in enumerate(made)
        ]
        print(f"| {name} | {len(beside)} | {sum(compared(beside))} |", flush=True)
    if options.sheet and wrong:
        sheet(wrong).save(options.sheet)


def compared(pairs: Sequence[tuple[bytes, bytes]]) -> list[bool]:
    with ProcessPoolExecutor(cores()) as pool:
        return list(pool.map(are_one, pairs, chunksize=16))


def are_one(pair: tuple[bytes, bytes]) -> bool:
    evidence = examine(*map(features_of, pair), alike=True)
    return evidence is not None and is_one_picture(evidence)


def thumbnail(picture: Picture) -> bytes:
    """As a scan remembers it."""
    small = picture.convert("RGB")
    small.thumbnail((320, 320), Image.Resampling.LANCZOS)
    data = io.BytesIO()
    small.save(data, "JPEG", quality=88)
    return data.getvalue()


def some_photos(folder: Path, count: int, chance: random.Random) -> Iterator[Picture]:
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg"))
    for path in chance.sample(paths, min(count, len(paths))):
        with Image.open(path) as file:
            photo = file.convert("RGB")
        photo.thumbnail((900, 900))
        yield photo


def plain_photos() -> Iterator[Picture]:
    """Six skies with a sun."""
    for number in range(6):
        light = np.linspace(60 + 20 * number, 200 - 10 * number, 480)[:, None, None]
        sky = light * np.array([1, 0.9 + 0.02 * number, 0.8]) * np.ones((1, 640, 1))
        sky += np.random.default_rng(number).normal(0, 2, sky.shape)
        photo = Image.fromarray(np.clip(sky, 0, 255).astype(np.uint8))
        left = 100 + 60 * number
        ImageDraw.Draw(photo).ellipse((left, 100, left + 60, 160), fill=(250, 240, 180))
        yield photo


def pages() -> Iterator[tuple[str, list[Picture]]]:
    for page in (slide, chart, letter, calendar):
        yield f"{page.__name__}s", [page(random.Random(number)) for number in range(PAGES)]


def screens(photos: Sequence[Picture]) -> Iterator[tuple[str, list[Picture]]]:
    for screen in (chat, feed, gallery, dark_gallery, poster, report, meme, blurred_meme):
        name = screen.__name__.replace("_", " ")
        yield f"photos in a {name}", [screen(photo.copy()) for photo in photos]


def sheet(pairs: Sequence[tuple[bytes, bytes]]) -> Picture:
    whole = Image.new("RGB", (660, 330 * len(pairs)))
    for row, pair in enumerate(pairs):
        for column, data in enumerate(pair):
            whole.paste(Image.open(io.BytesIO(data)), (330 * column, 330 * row))
    return whole


# -- pages, with other words and numbers each time --------------------------------------


def slide(chance: random.Random) -> Picture:
    page, draw = blank(960, 720, (20, 40, 90))
    draw.rectangle((0, 110, 960, 650), fill=PALE)
    write(draw, (40, 30), " ".join(chance.sample(WORDS, 3)).title(), 56, WHITE)
    write(draw, (40, 670), "ACME Corp   confidential", 28, (200, 210, 240))
    draw.ellipse((880, 20, 940, 80), fill=(240, 180, 30))
    for row in range(chance.randint(4, 6)):
        y = 150 + 78 * row
        draw.ellipse((60, y + 10, 78, y + 28), fill=(20, 40, 90))
        write(draw, (100, y), " ".join(chance.choices(WORDS, k=chance.randint(3, 6))), 36)
    return page


def chart(chance: random.Random) -> Picture:
    page, draw = blank(900, 600, WHITE)
    write(draw, (250, 14), "Sales by month", 44)
    draw.line((80, 80, 80, 520, 860, 520), fill=INK, width=4)
    for month, letter_of_it in enumerate("JFMAMJJASOND"):
        left = 100 + 63 * month
        draw.rectangle((left, 520 - chance.randint(40, 420), left + 45, 518), fill=(60, 120, 200))
        write(draw, (left + 5, 535), letter_of_it, 28)
    for step in range(5):
        write(draw, (20, 500 - 100 * step), str(25 * step), 26)
    return page


def letter(chance: random.Random) -> Picture:
    page, draw = blank(800, 1100, (252, 250, 245))
    write(draw, (60, 50), "City Water Works", 52, (10, 60, 120))
    draw.line((60, 125, 740, 125), fill=(10, 60, 120), width=5)
    write(draw, (60, 1020), "Account 12-3456, tel. 555 0100, www.example.org", 24, (90, 90, 90))
    for row in range(20):
        write(draw, (60, 190 + 40 * row), " ".join(chance.choices(WORDS, k=7))[:52], 26)
    return page


def calendar(chance: random.Random) -> Picture:
    page, draw = blank(720, 1280, (40, 90, 70))
    write(draw, (120, 40), " ".join(chance.sample(WORDS, 2)).title(), 56, WHITE)
    draw.rounded_rectangle((60, 140, 660, 1230), 40, fill=PALE)
    draw.rounded_rectangle((90, 190, 630, 260), 30, fill=(190, 225, 205))
    write(draw, (120, 205), "Search", 36)
    for day in range(7):
        left = 95 + 78 * day
        write(draw, (left, 290), "SMTWTFS"[day], 28)
        for week in range(6):
            top = 340 + 140 * week
            write(draw, (left, top), str((7 * week + day) % 31 + 1), 26)
            for entry in range(chance.randint(0, 3)):
                y = top + 35 + 28 * entry
                colour = chance.choice([(60, 120, 220), (210, 90, 80), (30, 160, 110)])
                draw.rectangle((left - 3, y, left + 65, y + 23), fill=colour)
    draw.ellipse((560, 1110, 630, 1180), fill=(10, 160, 110))
    return page


# -- screens, with another photo each time ----------------------------------------------


def chat(photo: Picture) -> Picture:
    screen, draw = blank(720, 1280, (229, 221, 213))
    draw.rectangle((0, 0, 720, 140), fill=(7, 94, 84))
    write(draw, (90, 60), "Mum  online", 42, WHITE)
    said = ((180, "Look at this one!"), (1010, "Lovely, where was that?"), (1080, "Tell me more"))
    for y, text in said:
        draw.rounded_rectangle((30, y, 30 + 20 * len(text), y + 60), 16, fill=WHITE)
        write(draw, (50, y + 12), text, 32)
    photo.thumbnail((480, 700))
    draw.rounded_rectangle((200, 270, 700, 290 + photo.height), 14, fill=(220, 248, 198))
    screen.paste(photo, (210, 280))
    draw.rectangle((0, 1190, 720, 1280), fill=(240, 240, 240))
    return screen


def feed(photo: Picture) -> Picture:
    screen, draw = blank(720, 1280, WHITE)
    write(draw, (24, 14), "12:30", 28)
    write(draw, (240, 70), "PhotoFeed", 48)
    draw.ellipse((24, 150, 94, 220), fill=(200, 120, 60))
    write(draw, (110, 165), "a_name_of_somebody", 32)
    photo = photo.resize((720, 720 * photo.height // photo.width)).crop((0, 0, 720, 720))
    screen.paste(photo, (0, 240))
    for column, text in enumerate(("like", "comment", "share")):
        write(draw, (24 + 190 * column, 980), text, 34)
    write(draw, (24, 1040), "1,024 likes   View all 12 comments", 28)
    draw.line((0, 1180, 720, 1180), fill=(200, 200, 200), width=3)
    for column in range(5):
        left = 50 + 140 * column
        draw.rectangle((left, 1205, left + 50, 1255), outline=INK, width=5)
    return screen


def gallery(photo: Picture, ground: tuple[int, ...] = PALE, ink: tuple[int, ...] = INK) -> Picture:
    screen, draw = blank(720, 1440, ground)
    write(draw, (30, 16), "9:41", 30, ink)
    draw.rectangle((620, 20, 690, 46), outline=ink, width=3)
    write(draw, (30, 80), "<  Gallery", 44, ink)
    photo.thumbnail((720, 1050))
    screen.paste(photo, ((720 - photo.width) // 2, 170 + (1050 - photo.height) // 2))
    for column in range(4):
        left = 70 + 170 * column
        draw.ellipse((left, 1310, left + 60, 1370), outline=ink, width=5)
    return screen


def dark_gallery(photo: Picture) -> Picture:
    return gallery(photo, (16, 16, 18), (235, 235, 235))


def poster(photo: Picture) -> Picture:
    page, draw = blank(720, 720, (246, 230, 200))
    draw.rectangle((20, 20, 700, 700), outline=(120, 60, 20), width=10)
    write(draw, (120, 50), "SUMMER SALE 50%", 54, (160, 40, 20))
    write(draw, (120, 620), "only this week, in all shops", 40)
    photo.thumbnail((380, 440))
    page.paste(photo, ((720 - photo.width) // 2, 150))
    return page


def report(photo: Picture) -> Picture:
    page, draw = blank(800, 1100, WHITE)
    write(draw, (60, 50), "Weekly report", 60, (20, 40, 90))
    for row in range(14):
        text = "Lorem ipsum dolor sit amet, consectetur adipiscing elit sed do"
        write(draw, (60, 150 + 28 * row), text, 22)
    photo.thumbnail((420, 420))
    page.paste(photo, (190, 580))
    write(draw, (60, 1030), "page 3 of 12", 24)
    return page


def meme(photo: Picture) -> Picture:
    photo = photo.resize((640, 480))
    draw = ImageDraw.Draw(photo)
    for y, text in ((10, "WHEN YOU REALISE"), (390, "IT IS MONDAY")):
        draw.text((40, y), text, WHITE, font(66), stroke_width=5, stroke_fill=INK)
    return photo


def blurred_meme(photo: Picture) -> Picture:
    return meme(photo.resize((640, 480)).filter(ImageFilter.GaussianBlur(12)))


# -- what people lay over a page --------------------------------------------------------


def stickers(page: Picture, chance: random.Random) -> Picture:
    draw, size = ImageDraw.Draw(page), page.width // 5
    for _ in range(3):
        x, y = chance.randint(0, page.width - size), chance.randint(0, page.height - size)
        draw.ellipse((x, y, x + size, y + size), fill=(255, 205, 50))
        for eye in (x + size // 4, x + size * 2 // 3):
            draw.ellipse((eye, y + size // 4, eye + size // 12, y + size // 2), fill=(60, 40, 10))
    return page


def strokes(page: Picture, chance: random.Random) -> Picture:
    draw, red = ImageDraw.Draw(page), (220, 30, 30)
    for _ in range(3):
        x, y = chance.randint(0, page.width * 2 // 3), chance.randint(0, page.height * 2 // 3)
        draw.ellipse((x, y, x + page.width // 4, y + page.height // 6), outline=red, width=8)
    draw.line((40, page.height - 60, page.width // 2, page.height // 2), fill=red, width=9)
    return page


def redactions(page: Picture, chance: random.Random) -> Picture:
    draw = ImageDraw.Draw(page)
    for _ in range(3):
        x, y = chance.randint(0, page.width // 2), chance.randint(0, page.height * 3 // 4)
        draw.rectangle((x, y, x + page.width * 2 // 5, y + page.height // 9), fill=(0, 0, 0))
    return page


def watermark(page: Picture, chance: random.Random) -> Picture:
    over = Image.new("RGBA", page.size, (0, 0, 0, 0))
    draw, size = ImageDraw.Draw(over), page.width // 12
    for y in range(0, page.height, page.height // 6):
        text = "DRAFT COPY  DRAFT COPY"
        draw.text((chance.randint(0, 60), y), text, (120, 120, 120, 130), font(size))
    marked = page.convert("RGBA")
    marked.alpha_composite(over)
    return marked.convert("RGB")


def caption(page: Picture, chance: random.Random) -> Picture:
    draw, top = ImageDraw.Draw(page), page.height * 4 // 5
    draw.rectangle((0, top, page.width, page.height * 9 // 10), fill=INK)
    write(draw, (20, top + 10), " ".join(chance.sample(WORDS, 4)), page.width // 16, WHITE)
    return page


def stamp(page: Picture, chance: random.Random) -> Picture:
    mark = Image.new("RGBA", (420, 160), (0, 0, 0, 0))
    draw, red = ImageDraw.Draw(mark), (200, 20, 20, 255)
    draw.rectangle((5, 5, 415, 155), outline=red, width=10)
    draw.text((40, 30), "PAID", red, font(100))
    mark = mark.rotate(18, expand=True)
    x, y = (chance.randint(0, max(1, side - 450)) for side in page.size)
    page.paste(mark, (x, y), mark)
    return page


OVER = {
    "three stickers": stickers,
    "strokes of a pen": strokes,
    "redactions": redactions,
    "a watermark": watermark,
    "a caption": caption,
    "a stamp": stamp,
}


def blank(width: int, height: int, colour: tuple[int, ...]) -> tuple[Picture, ImageDraw.ImageDraw]:
    page = Image.new("RGB", (width, height), colour)
    return page, ImageDraw.Draw(page)


def write(
    draw: ImageDraw.ImageDraw,
    at: tuple[int, int],
    text: str,
    size: int,
    ink: tuple[int, ...] = INK,
) -> None:
    draw.text(at, text, ink, font(size))


def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


if __name__ == "__main__":
    main()
