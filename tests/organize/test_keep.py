import itertools
import random
from dataclasses import replace
from datetime import datetime

import pytest
from trees import NOON, group, imagined

from dedupe.errors import UnknownName
from dedupe.matching.groups import Member
from dedupe.matching.relations import Relation
from dedupe.organize.keep import DEFAULT_KEEP, KEEP_RULES, rank, ranked, why

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


@pytest.mark.parametrize("rule", KEEP_RULES)
def test_every_keep_rule_orders_photos_the_same_whatever_order_they_come_in(rule: str) -> None:
    expected = rank(PHOTOS, [rule])
    shuffled = list(PHOTOS)
    for seed in range(20):
        random.Random(seed).shuffle(shuffled)
        assert rank(shuffled, [rule]) == expected
    assert sorted(photo.path for photo in expected) == sorted(photo.path for photo in PHOTOS)


@pytest.mark.parametrize("rule", KEEP_RULES)
def test_every_keep_rule_says_in_one_line_what_it_prefers(rule: str) -> None:
    document = KEEP_RULES[rule].__doc__
    assert document is not None
    assert document.endswith(".")
    assert "\n" not in document


@pytest.mark.parametrize("rule", KEEP_RULES)
def test_every_keep_rule_has_a_short_reason_for_each_two_photos(rule: str) -> None:
    for best, other in itertools.pairwise(rank(PHOTOS, [rule])):
        assert 0 < len(why(best, other, [rule])) < 60


def test_the_defaults_are_registered_rules() -> None:
    assert set(DEFAULT_KEEP) <= set(KEEP_RULES)


def test_by_default_pixels_come_first_and_a_bigger_png_does_not_beat_its_jpeg() -> None:
    assert [photo.path.name for photo in rank(PHOTOS)] == [
        "camera.heic",
        "full-copy.jpg",
        "full.jpg",
        "later.jpg",
        "export.png",
        "stripped.jpg",
        "raw\udcff.dng",
        "thumb.jpg",
    ]


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
        ({}, {}, "first by path"),
    ],
)
def test_why_names_the_first_rule_that_tells_two_photos_apart(
    best: dict[str, object], other: dict[str, object], reason: str
) -> None:
    first, second = imagined("/a", **best), imagined("/b", **other)
    assert rank([second, first])[0] == first
    assert why(first, second) == reason


def test_an_unknown_rule_is_named_with_those_that_there_are() -> None:
    with pytest.raises(UnknownName, match="keep rule called 'resolutoin'") as caught:
        rank(PHOTOS, ["resolutoin"])
    assert "did you mean 'resolution'" in caught.value.hint


def test_what_others_were_verified_against_is_kept_though_a_framed_copy_is_larger() -> None:
    plain, framed = imagined("/plain", width=4000), imagined("/framed", width=4200)
    alike = group(plain, framed)
    assert ranked(alike)[0] == framed
    members = (Member(Relation.SAME_PICTURE), Member(Relation.SAME_FILE))
    verified = replace(alike, kept=plain, members=members)
    assert ranked(verified) == (plain, framed)
    assert why(plain, framed) == "more of the set is verified against it"
