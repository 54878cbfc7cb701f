import itertools
import random
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFilter
from trees import NOON, group, imagined, photo

from dedupe.errors import UnknownName, UsageError
from dedupe.matching.pairs.relations import Relation
from dedupe.matching.sets.made import Member
from dedupe.organize.keep.ranking import (
    DEFAULT_KEEP,
    check_rules,
    choose,
    parse_rules,
    rank,
    ranked,
    why,
)
from dedupe.organize.keep.rules import KEEP_RULES, Seen
from dedupe.photos.photo import Photo

SAMPLES = Path(__file__).resolve().parents[2] / "sample_photos"
PHOTOS = [
    imagined("/p/full.jpg", taken=NOON, size=3_000_000),
    imagined("/p/full-copy.jpg", taken=NOON, size=3_000_000),
    imagined("/p/stripped.jpg", size=2_900_000),
    imagined("/p/export.png", taken=NOON, format="PNG", size=9_000_000),
    imagined("/p/camera.heic", taken=NOON, format="HEIF", size=1_500_000),
    imagined("/p/thumb.jpg", width=400, height=300, taken=NOON, size=30_000),
    imagined("/p/later.jpg", taken=datetime(2022, 1, 1), size=3_000_000),
    imagined("/p/raw\udcff.dng", format="TIFF"),
]

# every registered rule, as it is written
RULES = [f"{name}:later*" if rule.takes else name for name, rule in KEEP_RULES.items()]


@pytest.mark.parametrize("rule", RULES)
def test_every_keep_rule_orders_photos_the_same_whatever_order_they_come_in(rule: str) -> None:
    expected = rank(PHOTOS, [rule])
    shuffled = list(PHOTOS)
    for seed in range(20):
        random.Random(seed).shuffle(shuffled)
        assert rank(shuffled, [rule]) == expected
    assert sorted(photo.path for photo in expected) == sorted(photo.path for photo in PHOTOS)


@pytest.mark.parametrize("rule", KEEP_RULES)
def test_every_keep_rule_says_in_one_line_what_it_prefers(rule: str) -> None:
    assert KEEP_RULES[rule].says.endswith(".")
    assert "\n" not in KEEP_RULES[rule].says


@pytest.mark.parametrize("rule", RULES)
def test_every_keep_rule_has_a_short_reason_for_each_two_photos(rule: str) -> None:
    for best, other in itertools.pairwise(rank(PHOTOS, [rule])):
        assert 0 < len(why(best, other, [rule])) < 60


made_up = st.builds(
    lambda name, **known: imagined(f"/p/{name}.jpg", **known),
    st.sampled_from(["a", "b", "IMG-20190714-WA0003", "later/c", "d"]),
    width=st.sampled_from([400, 4000]),
    taken=st.sampled_from([None, NOON]),
    camera=st.sampled_from(["", "Canon EOS 450D"]),
    software=st.sampled_from(["", "Ver.1.00", "GIMP 2.10"]),
    gps=st.booleans(),
    format=st.sampled_from(["JPEG", "PNG", "HEIF"]),
    size=st.integers(1, 3),
)


@given(
    photos=st.lists(made_up, max_size=6, unique_by=lambda photo: photo.path),
    rules=st.lists(st.sampled_from(RULES), max_size=4),
    seed=st.randoms(use_true_random=False),
)
def test_the_best_is_the_same_in_any_order_and_no_photo_is_lost(
    photos: list[Photo], rules: list[str], seed: random.Random
) -> None:
    shuffled = list(photos)
    seed.shuffle(shuffled)
    assert rank(shuffled, rules) == rank(photos, rules)
    assert set(rank(photos, rules)) == set(photos)
    for best, other in itertools.pairwise(rank(photos, rules)):
        assert why(best, other, rules)


def test_the_defaults_are_registered_rules() -> None:
    assert set(DEFAULT_KEEP) <= set(KEEP_RULES)


def test_by_default_what_lost_its_time_comes_last_and_a_bigger_png_behind_its_jpeg() -> None:
    assert [photo.path.name for photo in rank(PHOTOS)] == [
        "camera.heic",
        "full-copy.jpg",
        "full.jpg",
        "later.jpg",
        "export.png",
        "thumb.jpg",
        "stripped.jpg",
        "raw\udcff.dng",
    ]


def test_by_default_the_copy_of_a_messenger_does_not_win_by_being_larger() -> None:
    sent = imagined("/p/IMG-20190714-WA0003.jpg", width=9000)
    mine = imagined("/p/z.jpg")
    assert rank([sent, mine])[0] == mine
    assert why(mine, sent) == "the other is named by WhatsApp"


def test_a_photo_that_its_pixels_prove_to_be_a_copy_comes_last_whatever_its_header_says() -> None:
    copy = imagined("/p/copy.jpg", width=8000, taken=NOON, camera="Canon EOS 450D", gps=True)
    mine = imagined("/p/mine.jpg")
    seen = Seen(copies={copy: "is enlarged from 4000 × 3000"})
    assert why(mine, copy, seen=seen) == "the other is enlarged from 4000 × 3000"
    assert why(copy, mine, seen=seen) == "more of the set is verified against it"


def test_ties_end_with_the_path_byte_by_byte() -> None:
    names = ["/b.jpg", "/a.jpg", "/\udcff.jpg", "/Z.jpg", "/ä.jpg"]
    ranked = rank([imagined(name) for name in names], [])
    assert [str(photo.path) for photo in ranked] == [
        "/Z.jpg",
        "/a.jpg",
        "/b.jpg",
        "/ä.jpg",
        "/\udcff.jpg",
    ]


def test_a_later_rule_decides_only_where_the_earlier_ones_tie() -> None:
    big, old = imagined("/a", width=9000), imagined("/b", taken=NOON)
    assert rank([old, big], ["resolution", "oldest"])[0] == big
    assert rank([old, big], ["oldest", "resolution"])[0] == old


@pytest.mark.parametrize(
    ("best", "other", "reason"),
    [
        ({"width": 4000, "height": 3000}, {"width": 2000, "height": 1550}, "12.0 MP > 3.1 MP"),
        ({"width": 4001}, {}, "12,003,000 pixels > 12,000,000 pixels"),
        ({"taken": NOON}, {}, "has its capture time"),
        ({"format": "JPEG"}, {"format": "PNG"}, "JPEG before PNG"),
        (
            {"taken": NOON},
            {"taken": datetime(2020, 1, 1)},
            "taken earlier: 2019-07-14 12:00:00",
        ),
        ({"size": 3_400_000}, {"size": 1_200_000}, "3.4 MB > 1.2 MB"),
        ({"gps": True, "taken": NOON}, {}, "has its capture time and GPS"),
        (
            {"gps": True, "taken": NOON, "camera": "Canon"},
            {"width": 2000, "height": 1550},
            "has its capture time, camera and GPS, 12.0 MP > 3.1 MP",
        ),
        ({"software": "Ver.1.00"}, {"software": "GIMP 2.10"}, "the other was saved by GIMP 2.10"),
        ({}, {}, "first by path"),
    ],
)
def test_why_says_what_decides_between_two_photos_and_what_else_speaks_for_the_best(
    best: dict[str, object], other: dict[str, object], reason: str
) -> None:
    first, second = imagined("/a", **best), imagined("/b", **other)
    assert rank([second, first])[0] == first
    assert why(first, second) == reason


def test_an_unknown_rule_is_named_with_those_that_there_are() -> None:
    with pytest.raises(UnknownName, match="keep rule called 'resolutoin'") as caught:
        rank(PHOTOS, ["resolutoin"])
    assert "did you mean 'resolution'" in caught.value.hint
    assert "folder:GLOB" in caught.value.hint


def test_why_says_more_than_the_rule_that_decides() -> None:
    big, small = imagined("/a", gps=True), imagined("/b", width=2000, height=1550)
    assert why(big, small, ["resolution", "metadata"]) == "12.0 MP > 3.1 MP, has GPS"


@pytest.mark.parametrize(
    ("glob", "matches", "misses"),
    [
        ("Archive", "/home/ada/Archive/2019/a.jpg", "/home/ada/Archived/a.jpg"),
        ("/home/ada/Archive", "/home/ada/Archive/a.jpg", "/home/eve/home/ada/Archive/a.jpg"),
        ("Photos/20*", "/home/ada/Photos/2019/a.jpg", "/home/ada/Photos/raw/2019/a.jpg"),
        ("Photos/**/raw", "/home/ada/Photos/2019/7/raw/a.jpg", "/home/ada/raw/a.jpg"),
        ("[Aa]rchive/", "/archive/a.jpg", "/home/archive.jpg"),
        ("!odd", "/p/!odd/a.jpg", "/p/odd/a.jpg"),
        ("\udcff", "/p/\udcff/a.jpg", "/p/a.jpg"),
    ],
)
def test_a_folder_wins_by_its_name_or_its_path(glob: str, matches: str, misses: str) -> None:
    better, worse = imagined(matches), imagined(misses, width=9000)
    assert rank([worse, better], [f"folder:{glob}", "resolution"])[0] == better


def test_a_folder_may_be_below_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    monkeypatch.setenv("USERPROFILE", "/home/ada")
    better, worse = imagined("/home/ada/Archive/a.jpg"), imagined("/Archive/a.jpg")
    assert rank([worse, better], ["folder:~/Archive"])[0] == better
    assert why(better, worse, ["folder:~/Archive"]) == "in ~/Archive"


def test_of_two_folders_the_one_that_is_named_first_wins() -> None:
    one, two, none = imagined("/z/a.jpg"), imagined("/y/a.jpg"), imagined("/x/a.jpg")
    assert rank([none, two, one], ["folder:z", "folder:y"]) == (one, two, none)


def test_the_newest_is_the_one_that_was_taken_last_and_unknown_times_come_last() -> None:
    old, new = imagined("/a", taken=NOON), imagined("/b", taken=datetime(2020, 1, 1))
    unknown = imagined("/c")
    assert rank([unknown, old, new], ["newest"]) == (new, old, unknown)
    assert why(new, old, ["newest"]) == "taken later: 2020-01-01 00:00:00"
    assert why(old, unknown, ["newest"]) == "has its capture time"


def test_the_sharpest_is_asked_for_its_pixels_only_where_one_is_chosen(tmp_path: Path) -> None:
    picture = Image.open(SAMPLES / "phone/2019-05/IMG_20190519_193321.jpg")
    sharp, blurred = tmp_path / "z.jpg", tmp_path / "a.jpg"
    picture.save(sharp)
    picture.filter(ImageFilter.GaussianBlur(2)).save(blurred)
    photos = [photo(sharp), photo(blurred), imagined("/p/gone.jpg")]
    assert choose([photos], ["sharpest"]) == photos[0]
    assert rank(photos, ["sharpest"])[-1] == photos[0], "no file is read: the path decides"
    shown = [imagined("/b"), imagined("/a")]
    seen = Seen(sharpness={shown[0]: 9.0, shown[1]: 3.0})
    assert why(shown[0], shown[1], ["sharpest"], seen) == "sharper"


def test_rules_of_one_line_may_have_spaces_and_gaps() -> None:
    words = " folder:~/My Photos , oldest,,"
    assert parse_rules(words) == ("folder:~/My Photos", "oldest")


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("folder", "the keep rule folder needs a GLOB"),
        ("folder:", "the keep rule folder needs a GLOB"),
        ("folder:/", "folder:/ names no folder"),
        ("folder:[[:alpha:]]", "names no folder"),
        ("oldest:2019", "the keep rule oldest takes nothing behind a colon"),
    ],
)
def test_a_rule_with_too_little_or_too_much_behind_its_colon_is_refused(
    rule: str, says: str
) -> None:
    with pytest.raises(UsageError) as caught:
        check_rules(["resolution", rule])
    assert says in str(caught.value)
    assert caught.value.hint


def test_what_others_were_verified_against_is_kept_though_a_framed_copy_is_larger() -> None:
    plain, framed = imagined("/plain", width=4000), imagined("/framed", width=4200)
    alike = group(plain, framed)
    assert ranked(alike)[0] == framed
    members = (Member(Relation.SAME_PICTURE), Member(Relation.SAME_FILE))
    verified = replace(alike, kept_place=alike.photos.index(plain), members=members)
    assert ranked(verified) == (plain, framed)
    assert why(plain, framed) == "more of the set is verified against it"
