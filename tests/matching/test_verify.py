"""Two pictures: is the one an edit of the other, and which?"""

import io
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from random import Random

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageOps
from small_pictures import SAMPLES, thumbnail

from dedupe.matching.calibration.known_edits import KNOWN_EDITS, KnownEdit
from dedupe.matching.pairs import carried
from dedupe.matching.pairs.evidence import FORMS, Evidence
from dedupe.matching.pairs.geometry import align, corners, is_a_view, whole
from dedupe.matching.pairs.overlap import correlation, lay, windows
from dedupe.matching.pairs.relations import Relation, relation_of
from dedupe.matching.pairs.verify import examine
from dedupe.matching.points.features import features_of
from dedupe.matching.within.decoded import decoded
from dedupe.matching.within.field import upright_field
from dedupe.photos.photo import Photo, PhotoFile
from dedupe.photos.quiet import quiet_pillow

STREET = SAMPLES / "camera/2019/DSC_0733.JPG"
PARTY = SAMPLES / "camera/2018/DSC_0098.JPG"
SHOTS = ("phone/2019-07/IMG_20190720_093044.jpg", "phone/2019-07/IMG_20190720_093048.jpg")

# what is left of a photo in these is too little, or too far from a plane motion, to be sure of
TOO_FAR: set[str] = set()


def picture(path: Path) -> Image.Image:
    with Image.open(path) as image:
        return ImageOps.exif_transpose(image).convert("RGB")


def photo(content: int, **known: object) -> Photo:
    file = PhotoFile(path=Path(f"/{content}"), size=1, mtime_ns=1, device=1, inode=content)
    facts: dict[str, object] = {"width": 1280, "height": 960, "format": "JPEG", "reduced": 2}
    return Photo(file=file, content=content.to_bytes(32, "big"), **{**facts, **known})  # type: ignore[arg-type]


def looked_at(
    one: Image.Image, other: Image.Image, *, alike: bool = False, however_little: bool = False
) -> Evidence | None:
    first, second = (features_of(thumbnail(each)) for each in (one, other))
    return examine(first, second, alike=alike, however_little=however_little)


def relation(evidence: Evidence | None, **known: object) -> Relation | None:
    return relation_of(photo(1, **known), photo(2), evidence)


@pytest.mark.parametrize("name", KNOWN_EDITS)
def test_an_edit_is_found_to_be_the_same_picture(name: str) -> None:
    edit: KnownEdit = KNOWN_EDITS[name]
    if not edit.can_be_made:
        pytest.skip("this Pillow cannot write it")
    original = picture(STREET)
    others = [picture(PARTY), picture(SAMPLES / SHOTS[0]), picture(SAMPLES / SHOTS[1])]
    with quiet_pillow():
        saved = edit.saved(original, Random(3), others[: edit.others])
        edited = ImageOps.exif_transpose(Image.open(io.BytesIO(saved))).convert("RGB")
    found = relation(looked_at(original, edited, alike=True))
    assert (found is Relation.SAME_PICTURE) is (name not in TOO_FAR), found


def test_two_shots_of_one_moment_are_not_one_picture() -> None:
    one, other = (picture(SAMPLES / each) for each in SHOTS)
    evidence = looked_at(one, other)
    assert evidence is not None
    assert relation(evidence) in (Relation.SAME_MOMENT, Relation.SAME_SCENE)


def test_different_photos_have_nothing_in_common() -> None:
    names = sorted(path for path in SAMPLES.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg"))
    shown = [features_of(thumbnail(picture(path))) for path in names[::4]]
    alone = features_of(thumbnail(picture(PARTY)))
    for other in shown:
        evidence = examine(alone, other)
        found = relation(evidence)
        assert found in (None, Relation.SAME_PICTURE)  # itself and its copy


@pytest.mark.parametrize("colour", ["black", "white", (90, 120, 200)])
def test_plain_frames_are_never_linked(colour: object) -> None:
    one, other = (Image.new("RGB", size, colour) for size in ((640, 480), (640, 480)))  # type: ignore[arg-type]
    assert relation(looked_at(one, other, alike=True)) is None


def test_a_night_sky_of_noise_is_not_linked_to_another_one() -> None:
    rng = np.random.default_rng(5)
    one, other = (
        Image.fromarray(rng.integers(0, 9, (480, 640, 3), np.uint8).astype(np.uint8))
        for _ in range(2)
    )
    assert relation(looked_at(one, other, alike=True)) is None


def test_a_product_in_another_colour_is_not_the_same_picture() -> None:
    def shirt(colour: tuple[int, int, int], folds: Path) -> Image.Image:
        """The same outline before the same white; cloth never falls the same way twice."""
        cloth = np.asarray(picture(folds).resize((240, 360)).convert("L"), np.float32)[..., None]
        worn = np.clip(np.array(colour) * (0.7 + 0.3 * cloth / 255), 0, 255).astype(np.uint8)
        image = Image.new("RGB", (480, 640), "white")
        image.paste(Image.fromarray(worn), (120, 140))
        return image

    red, blue = shirt((200, 30, 40), STREET), shirt((30, 60, 200), PARTY)
    assert relation(looked_at(red, blue, alike=True)) in (None, Relation.SAME_SCENE)


@pytest.mark.parametrize("side", [24, 32, 48])
def test_a_picture_shrunk_to_an_icon_is_the_same_picture(side: int) -> None:
    original = picture(STREET)
    icon = original.resize((side, round(side * original.height / original.width)))
    assert relation(looked_at(original, icon, alike=True)) is Relation.SAME_PICTURE
    other = picture(PARTY).resize(icon.size)
    assert relation(looked_at(original, other, alike=True)) is None


def in_an_app(shown: Image.Image) -> Image.Image:
    """A screenshot: a white page with a picture, and what the app draws around it."""
    screen = Image.new("RGB", (720, 1480), (14, 14, 16))
    draw = ImageDraw.Draw(screen)
    draw.text((30, 20), "18:22   < Shop    Summer 2019", fill="white", font_size=44)
    draw.rectangle((0, 220, 720, 1240), fill="white")
    draw.text((40, 240), "Add to the basket", fill="black", font_size=60)
    for place in range(4):
        draw.ellipse((80 + 160 * place, 1320, 140 + 160 * place, 1380), outline="white", width=5)
    screen.paste(shown, ((720 - shown.width) // 2, (1460 - shown.height) // 2))
    return screen


@pytest.mark.parametrize("width", [340, 480, 700])
def test_two_screenshots_of_one_app_are_not_one_picture(width: int) -> None:
    one, other = (
        in_an_app(picture(each).resize((width, width * 3 // 4))) for each in (STREET, PARTY)
    )
    assert relation(looked_at(one, other, alike=True)) is not Relation.SAME_PICTURE
    again = in_an_app(picture(STREET).resize((width, width * 3 // 4)))
    assert relation(looked_at(one, again, alike=True)) is Relation.SAME_PICTURE


def in_a_shirt_of(colour: tuple[int, int, int]) -> Image.Image:
    """One photo of somebody, retouched as shops do: the shirt alone has another colour."""
    shown = picture(STREET)
    folds = shown.convert("L").point(lambda level: 110 + level // 3)
    dyed = ImageOps.colorize(folds, "black", colour)
    shirt = Image.new("L", shown.size)
    width, height = shown.size
    ImageDraw.Draw(shirt).ellipse((width // 3, height // 4, 2 * width // 3, height), fill=255)
    return Image.composite(dyed, shown, shirt.filter(ImageFilter.GaussianBlur(2)))


def test_one_thing_in_another_colour_is_not_the_same_picture() -> None:
    colours = [(230, 60, 50), (60, 90, 230), (60, 190, 90)]
    are_other_things(map(in_a_shirt_of, colours), share=0.2)


def are_other_things(pictures: Iterable[Image.Image], *, share: float) -> None:
    """Any two of them are told to be of one thing, which takes that share, in two colours."""
    for one, other in combinations(pictures, 2):
        evidence = looked_at(one, other, alike=True)
        assert evidence is not None
        assert evidence.agreement.recoloured == pytest.approx(share, abs=0.05)
        assert relation(evidence) in (Relation.SAME_SCENE, Relation.SAME_MOMENT)


def on_a_plain_ground(width: int) -> Image.Image:
    """A photo, small in the middle of one colour."""
    ground = Image.new("RGB", (1280, 960), (120, 140, 170))
    ground.paste(picture(STREET).resize((width, width * 3 // 4)), (400, 300))
    return ground


@pytest.mark.parametrize("toned", [lambda each: each.convert("L"), lambda each: each.point(darker)])
def test_a_toned_picture_on_a_plain_ground_is_the_same_where_enough_of_it_is_seen(
    toned: Callable[[Image.Image], Image.Image],
) -> None:
    for width, expected in ((120, False), (400, True)):
        shown = on_a_plain_ground(width)
        found = relation(looked_at(shown, toned(shown).convert("RGB"), alike=True))
        assert (found is Relation.SAME_PICTURE) == expected


def darker(level: int) -> int:
    return level * 7 // 10


def with_tiles_of(colour: tuple[int, int, int]) -> Image.Image:
    """Three tiles of one colour, with next to no shading, before a photo."""
    shown = picture(STREET)
    shaded = shown.convert("L").point(lambda level: 200 + level // 12)
    tiles = Image.new("L", shown.size)
    width, height = shown.size
    for left in (2, 11, 20):
        box = (width * left // 30, height // 4, width * (left + 6) // 30, height * 3 // 4)
        ImageDraw.Draw(tiles).rounded_rectangle(box, radius=width // 20, fill=255)
    dyed = ImageOps.colorize(shaded, "black", colour)
    return Image.composite(dyed, shown, tiles.filter(ImageFilter.GaussianBlur(1)))


def test_one_thing_in_another_colour_is_told_where_its_edges_turn_from_light_to_dark() -> None:
    colours = [(250, 240, 120), (40, 50, 190), (30, 90, 40)]
    are_other_things(map(with_tiles_of, colours), share=0.39)


def worn_in(colour: tuple[int, int, int], *, veil: bool = False) -> Image.Image:
    """A shop's picture: a thing of one colour on a white ground beside what is never dyed.

    `veil`: the colour lies over a part of it whose outline is nowhere else in the picture.
    """
    shown = Image.new("RGB", (960, 960), "white")
    shown.paste(picture(STREET).resize((480, 320)), (60, 60))
    folds = np.asarray(picture(PARTY).convert("L").resize((480, 440)), np.float64) / 255
    cloth = (60 + 20 * folds)[..., None] * np.ones(3)
    shown.paste(Image.fromarray(cloth.astype(np.uint8)), (400, 440))
    part = (480, 500, 800, 800) if veil else (400, 440, 880, 880)
    own = np.asarray(shown.crop(part), np.float64)
    away = (own - own.mean((0, 1))) * (0.6 if veil else 1) + np.array(colour, np.float64)
    shown.paste(Image.fromarray(np.clip(away, 0, 255).astype(np.uint8)), part[:2])
    return shown


def test_a_grey_thing_in_black_is_told_by_its_outline_and_a_veil_over_it_is_none() -> None:
    grey, black, pale = (130, 130, 130), (40, 40, 42), (200, 205, 210)
    are_other_things(map(worn_in, [grey, black, pale]), share=0.23)
    veiled = looked_at(worn_in(grey), worn_in(black, veil=True), alike=True)
    assert veiled is not None
    assert veiled.agreement.recoloured == 0


def drawing_of(shown: Image.Image) -> Image.Image:
    """As with a soft pencil: what is as light as what is around it is white."""
    grey = shown.convert("L")
    around = grey.filter(ImageFilter.GaussianBlur(shown.width / 100))
    lines = np.asarray(grey, np.float64) / np.maximum(np.asarray(around, np.float64), 1)
    return Image.fromarray((255 * np.minimum(lines, 1)).astype(np.uint8)).convert("RGB")


@pytest.mark.parametrize("path", [STREET, PARTY], ids=["street", "party"])
def test_a_drawing_made_of_a_photo_is_the_same_picture(path: Path) -> None:
    drawing = drawing_of(picture(path))
    assert relation(looked_at(picture(path), drawing, alike=True)) is Relation.SAME_PICTURE
    other = picture(PARTY if path is STREET else STREET).resize(drawing.size)
    assert relation(looked_at(other, drawing, alike=True)) is None


@pytest.mark.parametrize("name", ["warm", "cool", "saturated", "sepia", "grey", "filter"])
def test_a_filter_over_all_of_it_is_no_other_thing(name: str) -> None:
    original = picture(STREET)
    saved = KNOWN_EDITS[name].saved(original, Random(7))
    evidence = looked_at(original, Image.open(io.BytesIO(saved)).convert("RGB"))
    assert evidence is not None
    assert evidence.agreement.recoloured == 0
    assert relation(evidence) is Relation.SAME_PICTURE


def posted(shown: Image.Image) -> Image.Image:
    """A screenshot of much that an app draws, and one photo, between bars, in a small part."""
    screen = Image.new("RGB", (720, 1280), "white")
    draw = ImageDraw.Draw(screen)
    for line, words in enumerate(["network", "What is new?", "Stories", "Jane Doe", "an hour ago"]):
        draw.text((40, 30 + 110 * line), words, fill=(20, 20, 40), font_size=48)
        draw.line((0, 110 * line + 100, 720, 110 * line + 100), (225, 225, 230), 4)
    for place in range(6):
        draw.ellipse((40 + 110 * place, 1180, 100 + 110 * place, 1240), outline="teal", width=6)
        draw.ellipse((320 + 60 * place, 250, 370 + 60 * place, 300), fill=(90, 40 * place, 90))
    screen.paste(ImageOps.pad(shown, (600, 400), color="black"), (60, 620))
    return screen


def test_two_posts_on_one_screen_are_not_one_picture() -> None:
    shown = [picture(each) for each in (STREET, PARTY, *(SAMPLES / shot for shot in SHOTS))]
    screens = [posted(each) for each in shown]
    for row, one in enumerate(screens):
        for other in screens[row + 1 :]:
            assert relation(looked_at(one, other, alike=True)) is not Relation.SAME_PICTURE
    marked = screens[0].copy()
    ImageDraw.Draw(marked).ellipse((330, 20, 470, 90), outline="red", width=9)
    assert relation(looked_at(screens[0], marked, alike=True)) is Relation.SAME_PICTURE


def collage(*shown: Image.Image) -> Image.Image:
    """Squares side by side, two to a row."""
    paper = Image.new("RGB", (1220, 610 * (len(shown) // 2)), "white")
    for number, each in enumerate(shown):
        place = number % 2 * 610, number // 2 * 610
        paper.paste(ImageOps.fit(each, (600, 600)), place)
    return paper


@pytest.mark.parametrize("fields", [2, 4])
def test_a_photo_cut_to_a_field_of_a_collage_is_the_same_picture(fields: int) -> None:
    street, party, one, other = (picture(SAMPLES / each) for each in (STREET, PARTY, *SHOTS))
    paper = collage(*[party, street, one, other][:fields])
    assert relation(looked_at(street, paper)) is Relation.SAME_PICTURE
    assert relation(looked_at(paper, street)) is Relation.SAME_PICTURE


def cut_off_centre(shown: Image.Image, size: tuple[int, int], centre: float) -> Image.Image:
    return ImageOps.fit(shown, size, centering=(centre, centre))


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("centre", [0.1, 0.9])
def test_a_photo_of_which_a_field_shows_a_third_is_in_the_collage(
    centre: float, mirrored: bool
) -> None:
    street, party = picture(STREET), picture(PARTY)
    paper = Image.new("RGB", (800, 800))
    paper.paste(ImageOps.fit(party, (400, 800)), (0, 0))
    paper.paste(cut_off_centre(street, (400, 800), centre), (400, 0))
    if mirrored:
        paper = ImageOps.mirror(paper)
    for one, other, side in ((street, paper, 2), (paper, street, 1)):
        evidence = looked_at(one, other)
        assert relation(evidence) is Relation.SAME_PICTURE
        assert evidence is not None
        assert (evidence.field_in, evidence.mirrored) == (side, mirrored)
        shares = evidence.of_first, evidence.of_second
        shown = 800 * 400 / 800 / (street.width * 800 / street.height)
        assert shares[side - 1] == pytest.approx(0.5, abs=0.03)
        assert shares[2 - side] == pytest.approx(shown, abs=0.03)
        # the corners of the photo lie where the collage would have them
        first = features_of(thumbnail(one))
        there = corners(evidence.homography, first.size)
        back = there if side == 2 else corners(np.linalg.inv(evidence.homography), first.size)
        height = 320 if side == 2 else None
        if height:
            assert np.ptp(back[:, 1]) == pytest.approx(height, abs=3)


@pytest.mark.parametrize("degrees", [-7, 0, 5])
def test_a_photo_cut_to_a_polaroid_that_lies_on_a_table_is_the_same_picture(degrees: int) -> None:
    street = picture(STREET)
    card = Image.new("RGB", (700, 820), "white")
    card.paste(cut_off_centre(street, (600, 600), 0.3), (50, 50))
    ImageDraw.Draw(card).text((60, 690), "wish you were here", fill=(60, 60, 60), font_size=60)
    table = ImageOps.expand(card, 60, (110, 90, 70)).rotate(
        degrees, Image.Resampling.BICUBIC, fillcolor=(110, 90, 70)
    )
    assert relation(looked_at(street, table)) is Relation.SAME_PICTURE
    assert relation(looked_at(table, street)) is Relation.SAME_PICTURE
    assert relation(looked_at(picture(PARTY), table)) is None


def test_two_shots_from_one_place_beside_a_door_are_no_collage() -> None:
    street, party = picture(STREET), picture(PARTY)
    other = street.copy()
    half = street.width // 2
    other.paste(ImageOps.fit(party, street.size).crop((half, 0, *street.size)), (half, 0))
    assert features_of(thumbnail(other)).fields
    for one, another in ((street, other), (other, street)):
        evidence = looked_at(one, another)
        assert evidence is None or not evidence.field_in
        assert relation(evidence) is not Relation.SAME_PICTURE


def test_two_collages_with_a_field_in_common_are_not_one_picture() -> None:
    street, party, one = (picture(SAMPLES / each) for each in (STREET, PARTY, SHOTS[0]))
    found = looked_at(collage(street, party), collage(one, street))
    assert relation(found) is not Relation.SAME_PICTURE


@pytest.mark.parametrize(
    ("shown", "is_shared"),
    [
        ((0, 0, 160, 120), True),  # a field of it
        ((0, 0, 320, 120), True),  # two fields side by side
        ((0, 0, 320, 240), False),  # all of it
        ((100, 70, 120, 100), False),  # something within
    ],
)
def test_what_a_field_shows_of_a_collage_is_shared_where_that_has_it_as_a_field_too(
    shown: tuple[int, int, int, int], is_shared: bool
) -> None:
    plain = features_of(thumbnail(Image.new("RGB", (320, 240), "grey")))
    quarters = [(x, y, 160, 120) for x in (0, 160) for y in (0, 120)]
    other = replace(plain, fields=tuple((upright_field(*each), plain) for each in quarters))
    place = upright_field(*shown)
    there = corners(place.place, place.size)
    assert carried._is_a_field_there(there, other) is is_shared


@pytest.mark.parametrize("opacity", [90, 150])
@pytest.mark.parametrize("colour", ["black", "white", "gray"])
def test_beneath_a_broad_veil_a_picture_is_the_same(colour: str, opacity: int) -> None:
    original = picture(STREET)
    width, height = original.size
    veil = Image.new("L", original.size)
    corners = [(0, height), (0.3 * width, height), (width, 0), (0.7 * width, 0)]
    ImageDraw.Draw(veil).polygon(corners, fill=opacity)
    veiled = Image.composite(Image.new("RGB", original.size, colour), original, veil)
    evidence = looked_at(original, veiled)
    assert evidence is not None
    assert evidence.agreement.recoloured == 0
    assert relation(evidence) is Relation.SAME_PICTURE


def on_a_wall(shown: Image.Image) -> Image.Image:
    wall = Image.new("RGB", (640, 640), (244, 244, 244))
    wall.paste(shown.resize((300, 300)), (170, 170))
    return wall


def test_a_vignette_does_not_make_another_picture_of_a_plain_wall() -> None:
    original = on_a_wall(picture(STREET))
    y, x = np.mgrid[-1:1:640j, -1:1:640j]
    darker = 1 - 0.3 * np.clip(x * x + y * y - 0.3, 0, 1)
    filtered = Image.fromarray((np.asarray(original) * darker[..., None]).astype(np.uint8))
    evidence = looked_at(original, filtered)
    assert relation(evidence) is Relation.SAME_PICTURE
    assert evidence is not None
    assert evidence.agreement.share > 0.95


def test_beneath_large_letters_a_picture_is_the_same_and_no_other_tone() -> None:
    original = picture(STREET)
    stamped = original.copy()
    draw = ImageDraw.Draw(stamped, "RGBA")
    for line in range(5):
        at = original.width // 20, original.height * line // 5
        draw.text(at, "do not copy", fill=(255, 255, 255, 200), font_size=original.height // 7)
    evidence = looked_at(original, stamped)
    assert evidence is not None
    assert evidence.agreement.share < 0.8
    assert evidence.agreement.tone < 0.02
    assert relation(evidence) is Relation.SAME_PICTURE


@pytest.mark.parametrize("path", [STREET, PARTY, SAMPLES / SHOTS[0]])
def test_beneath_a_quote_a_darkened_picture_is_the_same_and_nothing_moved(path: Path) -> None:
    original = picture(path)
    quoted = original.point(lambda value: value * 0.6)
    draw = ImageDraw.Draw(quoted)
    words = ["the road where we had", "walked in the morning", "without knowing that", "it was so"]
    for line, its in enumerate(words):
        at = original.width // 8, original.height * (3 + line) // 10
        draw.text(at, its, fill="white", font_size=original.width // 17)
    evidence = looked_at(original, quoted)
    assert evidence is not None
    assert evidence.agreement.tone > 0.05
    assert relation(evidence) is Relation.SAME_PICTURE


def test_between_lines_that_leave_few_points_an_untoned_picture_is_the_same() -> None:
    original = picture(STREET)
    meme = original.copy()
    draw = ImageDraw.Draw(meme)
    size = original.height // 9
    for line, its in enumerate(["not me again", "crying so much", "happy ever", "anniversary"]):
        at = original.width // 30, (0.01, 0.15, 0.69, 0.83)[line] * original.height
        style = {"fill": "white", "stroke_width": size // 12, "stroke_fill": "black"}
        draw.text(at, its.upper(), font_size=size, **style)  # type: ignore[arg-type]
    evidence = looked_at(original, meme, alike=True)
    assert evidence is not None
    assert relation(evidence) is Relation.SAME_PICTURE


@pytest.mark.parametrize("corner", [(0, 0), (1, 0), (1, 1)])
def test_light_that_leaked_in_makes_no_other_thing(corner: tuple[int, int]) -> None:
    original = np.asarray(picture(STREET)).astype(np.float64)
    height, width = original.shape[:2]
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    light = np.exp(-((x - corner[0]) ** 2 + (y - corner[1]) ** 2) / 0.12)[..., None]
    lighter = original + light * (200 - original * 0.5) * (1, 0.3, 0.2)
    leaked = Image.fromarray(lighter.clip(0, 255).astype(np.uint8))
    evidence = looked_at(picture(STREET), leaked)
    assert evidence is not None
    assert evidence.agreement.recoloured == 0
    assert relation(evidence) is Relation.SAME_PICTURE


def test_a_sharpened_picture_has_the_same_tone() -> None:
    original = picture(STREET)
    sharp = original.filter(ImageFilter.UnsharpMask(3, 180, 2))
    evidence = looked_at(original, sharp)
    assert evidence is not None
    assert evidence.agreement.tone < 0.015


def test_both_directions_say_the_same_relation() -> None:
    original = picture(STREET)
    cropped = original.crop((100, 80, 900, 700))
    there, back = looked_at(original, cropped), looked_at(cropped, original)
    assert relation(there) is relation(back) is Relation.SAME_PICTURE
    assert there is not None
    assert back is not None
    assert there.of_first == pytest.approx(back.of_second, abs=0.02)


def test_the_same_pair_gives_the_same_evidence_each_time() -> None:
    original = picture(STREET)
    turned = original.rotate(4, Image.Resampling.BICUBIC)
    first, again = looked_at(original, turned), looked_at(original, turned)
    assert first is not None
    assert again is not None
    assert (first.homography == again.homography).all()
    assert first.agreement == again.agreement
    assert first.motion == again.motion


def test_a_mirrored_picture_has_the_features_of_the_flipped_one() -> None:
    original = picture(STREET)
    ours = features_of(thumbnail(original)).mirrored
    flipped = features_of(thumbnail(ImageOps.mirror(original)))
    alignment = align(ours, flipped)
    assert alignment is not None
    assert not alignment.mirrored
    assert alignment.inliers > 100


def test_where_a_whole_picture_may_lie_on_another_all_four_turns_are_tried() -> None:
    assert len(whole((320, 240), (320, 240))) == 2  # a quarter turn would stretch it
    assert len(whole((300, 300), (150, 150))) == 4
    for homography in whole((320, 240), (240, 320)):
        there = corners(homography, (320, 240))
        assert there.min() == pytest.approx(-0.5)
        assert there.max(0) == pytest.approx([239.5, 319.5])


def test_a_homography_that_folds_a_picture_is_no_view_of_it() -> None:
    assert is_a_view(np.eye(3), (320, 240))
    assert not is_a_view(np.diag([-1.0, 1.0, 1.0]), (320, 240))
    assert not is_a_view(np.diag([0.01, 0.01, 1.0]), (320, 240))
    assert not is_a_view(np.array([[1, 0, 0], [0, 1, 0], [-0.01, 0, 1.0]]), (320, 240))
    assert not is_a_view(np.full((3, 3), np.nan), (320, 240))


def test_a_thumbnail_that_is_no_picture_is_refused() -> None:
    with pytest.raises(ValueError, match="no picture"):
        decoded(b"not a JPEG")


def test_the_forms_are_those_that_evidence_is_stored_with() -> None:
    assert FORMS == ("whole", "upright", "free", "bent", "tilted")


def framed(colour: tuple[int, int, int]) -> Image.Image:
    return ImageOps.expand(Image.new("RGB", (100, 100), colour), 6, "white")


def on_a_screen(colour: tuple[int, int, int]) -> Image.Image:
    screen = Image.new("RGB", (360, 780), (12, 12, 14))
    screen.paste(Image.new("RGB", (360, 360), colour), (0, 210))
    draw = ImageDraw.Draw(screen)
    draw.text((20, 8), "18:22   87 %", "white")
    for x in (60, 140, 220, 300):
        draw.ellipse((x - 12, 718, x + 12, 742), outline="white", width=3)
    return screen


@pytest.mark.parametrize("around", [framed, on_a_screen])
def test_what_is_around_plain_colours_does_not_make_them_one_picture(
    around: Callable[[tuple[int, int, int]], Image.Image],
) -> None:
    navy, plum = around((8, 30, 140)), around((150, 70, 140))
    assert relation(looked_at(navy, plum, alike=True)) is not Relation.SAME_PICTURE
    # they do agree, but for the colour
    assert looked_at(navy, plum, alike=True, however_little=True) is not None


def test_windows_are_the_same_when_only_part_of_a_picture_is_looked_at() -> None:
    original = picture(STREET)
    features = features_of(thumbnail(original))
    corner = np.array([[0.5, 0, 40], [0, 0.5, 30], [0, 0, 1]], np.float64)
    overlap = lay(features, features, corner)
    assert overlap is not None
    assert not overlap.mask[:20].any()
    seen = windows(overlap)
    left, right, mask = seen.left, seen.right, overlap.mask
    correlated, variance = correlation(left, right, mask, mask, 0.6)
    assert (seen.variance == variance).all()
    assert (seen.correlation[variance > 0] == correlated[variance > 0]).all()
