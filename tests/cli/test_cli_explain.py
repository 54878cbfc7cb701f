"""What `dedupe explain` says of two photos, in words."""

import json
import shutil
from pathlib import Path

from cli.conftest import CHOSEN, SAMPLES
from cli.running import dedupe
from PIL import Image, ImageDraw, ImageOps

PAGODA = SAMPLES / CHOSEN[3]


def test_a_stamped_copy_is_said_to_agree_beneath_its_letters() -> None:
    photos = Path("photos")
    photos.mkdir()
    shutil.copy(PAGODA, photos / "pagoda.jpg")
    with Image.open(PAGODA) as image:
        stamped = image.convert("RGB")
    draw = ImageDraw.Draw(stamped, "RGBA")
    for line in range(5):
        at = stamped.width // 20, stamped.height * line // 5
        draw.text(at, "do not copy", fill=(255, 255, 255, 200), font_size=stamped.height // 7)
    stamped.save(photos / "stamped.jpg")
    assert dedupe("scan", photos).code == 0
    told = " ".join(dedupe("explain", photos / "pagoda.jpg", photos / "stamped.jpg").out.split())
    assert "Beneath what is laid over one they agree: " in told
    assert "(beneath what is laid over " in told
    assert "Nothing says that they are two shots." in told
    assert told.endswith("verdict same picture: overlaid")


def test_a_copy_with_nothing_over_it_is_said_to_agree_all_over() -> None:
    photos = Path("photos")
    photos.mkdir()
    shutil.copy(PAGODA, photos / "pagoda.jpg")
    with Image.open(PAGODA) as image:
        image.reduce(2).save(photos / "small.jpg")
    dedupe("scan", photos)
    told = " ".join(dedupe("explain", photos / "pagoda.jpg", photos / "small.jpg").out.split())
    assert "Where they overlap they agree: " in told
    assert "beneath" not in told.lower()
    assert told.endswith("verdict same picture: resized to 50 %")


def test_of_a_toned_picture_with_little_to_see_it_is_said_how_little() -> None:
    photos = Path("photos")
    photos.mkdir()
    ground = Image.new("RGB", (1280, 960), (120, 140, 170))
    with Image.open(PAGODA) as image:
        ground.paste(image.convert("RGB").resize((150, 200)), (500, 300))
    ground.save(photos / "small.jpg")
    ground.convert("L").save(photos / "grey.jpg")
    dedupe("scan", photos)
    told = " ".join(dedupe("explain", photos / "small.jpg", photos / "grey.jpg").out.split())
    assert "They agree, but only " in told
    assert "% of what both show has any texture: too little to be sure." in told
    assert "do not agree" not in told
    assert "verdict same picture" not in told


def test_a_photo_in_a_collage_is_said_to_lie_in_a_field_of_it(collage: Path) -> None:
    assert dedupe("scan", collage).code == 0
    one, both = collage / "0.jpg", collage / "collage.jpg"
    told = " ".join(dedupe("explain", one, both).out.split())
    assert "The first lies in a field of the second (" in told
    assert "Nothing says that they are two shots." in told
    assert "verdict same picture: cropped to" in told
    for asked, holder in (((one, both), "second"), ((both, one), "first")):
        facts = json.loads(dedupe("explain", *asked, "--format", "json").out)
        assert facts["field_of"] == holder
    two = json.loads(dedupe("explain", one, collage / "1.jpg", "--format", "json").out)
    assert two["field_of"] is None


def test_a_negative_is_found_named_and_said_to_be_one() -> None:
    photos = Path("photos")
    photos.mkdir()
    shutil.copy(PAGODA, photos / "pagoda.jpg")
    with Image.open(PAGODA) as image:
        ImageOps.invert(image.convert("RGB")).save(photos / "negative.jpg")
    assert dedupe("scan", photos).code == 0
    assert "negative" in dedupe("group", photos, "--relation", "same-picture").out
    asked = photos / "pagoda.jpg", photos / "negative.jpg"
    told = " ".join(dedupe("explain", *asked).out.split())
    assert "in negative" in told
    assert "One is in negative, and was looked at with its colours inverted." in told
    assert "group looks at them only if" not in told
    assert "verdict same picture: negative" in told
    assert json.loads(dedupe("explain", *asked, "--format", "json").out)["negative"] is True
