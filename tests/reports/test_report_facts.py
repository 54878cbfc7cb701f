import numpy as np
import pytest
from reports.views import photo

from dedupe.matching.pairs.relations import Relation
from dedupe.matching.sets.groups import Group
from dedupe.matching.sets.made import Member
from dedupe.reports.facts import look_alikes, shown_date
from dedupe.reports.words import shown_bytes


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (999_499, "999 kB"),
        (999_500, "1.0 MB"),
        (3_140_000, "3.1 MB"),
        (99_949_000, "99.9 MB"),
        (99_950_001, "100 MB"),
        (999_499_999, "999 MB"),
        (10**9, "1.0 GB"),
        (5 * 10**15, "5000 TB"),
    ],
)
def test_bytes_are_shown_in_powers_of_1000(count: int, shown: str) -> None:
    assert shown_bytes(count) == shown


@pytest.mark.parametrize("mtime_ns", [10**28, -(10**28), 2**200])
def test_a_clock_gone_wild_shows_as_a_dash(mtime_ns: int) -> None:
    assert shown_date(photo(taken=None, mtime_ns=mtime_ns)) == "–"


def test_a_date_is_the_capture_time_or_in_brackets_that_of_the_file() -> None:
    assert shown_date(photo()) == "2019-07-14 12:00"
    assert shown_date(photo(taken=None)) == "(2019-07-14)"
    assert shown_date(photo(taken=None, mtime_ns=-1)) in ("(1969-12-31)", "(1970-01-01)")


def test_a_set_starts_with_the_photo_to_keep_and_measures_the_others_from_it() -> None:
    best = photo("/p/z.jpg", width=9000)
    copy = photo("/p/a.jpg", width=9000, taken=None)
    like = photo("/p/b.jpg", content=b"\2" * 32)
    vectors = np.array([[0, 0], [3, 4], [0, 0]], np.float32)
    alike = Member(Relation.LOOK_ALIKE)
    members = (Member(Relation.SAME_FILE), alike, Member(Relation.SAME_FILE))
    group = Group((copy, like, best), 5.0, vectors, 2, members)
    shown = look_alikes(group)
    assert [(row.photo, row.distance, row.relation) for row in shown.rows] == [
        (best, 0.0, "keep"),
        (like, 5.0, "look-alike"),
        (copy, 0.0, "same file"),
    ]
    assert (shown.spread, shown.relation) == (5.0, "look-alike")
    assert [row.reason for row in shown.rows] == [
        "27.0 MP > 12.0 MP",
        "27.0 MP > 12.0 MP",
        "has its capture time",
    ]
    by_path = look_alikes(group, ["path"])
    assert [row.photo for row in by_path.rows] == [copy, like, best]
