"""Rows of an index as columns, and the photos that are made of them when they are asked for."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedupe.index.columns import (
    NAMES,
    STORED,
    Columns,
    columns_from,
    columns_of,
    interleaved,
    merged,
)
from dedupe.index.indexed import (
    IndexedPhotos,
    contents,
    dct_hashes,
    degrees,
    linked,
    moments,
    photos_at,
    pixel_hashes,
)
from dedupe.index.rows import NEVER, file_row, photo_row
from dedupe.photos.photo import Photo
from tests.index.remembered import photo

PHOTOS = [photo(number) for number in range(9)]
EPOCH = datetime(1970, 1, 1)
ODD = replace(PHOTOS[1], pixel_hash=b"", dct_hash=b"", camera="Фото 相機", taken=None)


def row(each: Photo, number: int) -> tuple[object, ...]:
    """A row as the index is asked for it: NAMES."""
    _, *facts, photo_seal = photo_row(number, each, thumbnail=bool(number % 2))
    return (*file_row(each.file, number), *facts, photo_seal, 10 * number)


def columns(photos: Sequence[Photo]) -> Columns:
    return columns_of(row(each, number) for number, each in enumerate(photos))


def indexed(photos: Sequence[Photo]) -> IndexedPhotos:
    return IndexedPhotos(columns(photos), np.arange(len(photos)))


def stored(of: Columns) -> dict[str, np.ndarray]:
    """As a file beside the index would give it back."""
    return {name: np.asarray(its, STORED[name]) for name, its in of.stored().items()}


NUMBERS = st.integers(-(1 << 63), (1 << 63) - 1)
VALUES = {
    bytes: st.binary(max_size=40),
    str: st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    int: NUMBERS,
}
TAKEN = st.one_of(st.just(""), st.datetimes().map(datetime.isoformat))
ROWS = st.lists(
    st.tuples(
        *(
            TAKEN if name == "taken" else VALUES[type(value)]
            for name, value in zip(NAMES, row(PHOTOS[0], 0), strict=True)
        )
    ),
    max_size=12,
)


@given(ROWS)
def test_rows_come_back_out_of_columns_as_they_were_also_from_a_file(
    rows: list[tuple[object, ...]],
) -> None:
    of = columns_of(rows)
    again = columns_from(stored(of))
    assert again is not None
    for its in (of, again):
        assert len(its) == len(rows)
        for place, expected in enumerate(rows):
            file, facts = its.at(place)
            assert (*file, *facts) == tuple(
                value
                for name, value in zip(NAMES, expected, strict=True)
                if name not in ("file_seal", "photo_seal", "row")
            )
        assert its.number("row").tolist() == [each[-1] for each in rows]
        some = np.arange(len(rows))[::-2]
        assert its.each("path", some) == [rows[place][0] for place in some.tolist()]


@given(ROWS, ROWS, st.randoms(use_true_random=False))
def test_rows_of_two_columns_in_any_order_are_what_they_were(
    known: list[tuple[object, ...]], new: list[tuple[object, ...]], chance: Random
) -> None:
    rows = [*known, *new]
    places = chance.sample(range(len(rows)), chance.randint(0, len(rows)))
    both = merged(
        columns_of(known), columns_of(new), np.array(places, np.int64), np.arange(len(places))
    )
    expected = columns_of((*rows[each][:-1], place) for place, each in enumerate(places))
    assert np.array_equal(both.numbers, expected.numbers)
    assert np.array_equal(both.ends, expected.ends)
    assert both.data == expected.data


def test_more_rows_than_are_laid_at_once_are_all_there() -> None:
    of = columns(9_000 * [PHOTOS[0]])
    assert len(of) == 9_000
    assert of.at(8_999)[0][1] == 8_999


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("numbers", lambda its: its[:-1]),
        ("ends", lambda its: its[:-1]),
        ("ends", lambda its: its[::-1]),
        ("ends", lambda its: its + 1),
        ("ends", lambda its: its[9:]),
        ("path", lambda its: its[1:]),
        ("camera", lambda its: np.append(its, np.uint8(65))),
    ],
)
def test_a_file_that_cannot_be_columns_is_not_believed(name: str, change: object) -> None:
    its = stored(columns(PHOTOS))
    its[name] = change(its[name])  # type: ignore[operator]
    assert columns_from(its) is None


def test_indexed_photos_are_as_good_as_a_tuple_of_them() -> None:
    photos = indexed([*PHOTOS, ODD])
    expected = (*PHOTOS, ODD)
    assert photos == expected
    assert expected == photos
    assert photos == list(expected)
    assert hash(photos) == hash(expected)
    assert tuple(photos) == expected
    assert (len(photos), photos[0], photos[-1]) == (10, PHOTOS[0], ODD)
    assert photos[2:8:3] == (PHOTOS[2], PHOTOS[5])
    assert photos[4:][1:3] == (PHOTOS[5], PHOTOS[6])
    assert photos[::-1][:2] == (ODD, PHOTOS[8])
    assert PHOTOS[4] in photos
    assert photos.index(PHOTOS[4]) == 4
    assert photos != expected[1:]
    assert photos != (*PHOTOS, PHOTOS[0])
    assert photos != "photos"
    with pytest.raises(IndexError):
        photos[10]


def test_a_photo_is_made_once_and_only_when_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[int] = []
    photos = indexed(PHOTOS)
    monkeypatch.setattr(
        "dedupe.index.indexed.photo_of", lambda file, *_: made.append(file[1]) or PHOTOS[file[1]]
    )
    some = photos_at(photos, np.array([6, 3]))
    assert contents(some) == [PHOTOS[6].content, PHOTOS[3].content]
    assert made == []
    assert some[1] is photos[3]
    assert some[1] is photos[3]
    assert made == [3]


@pytest.mark.parametrize("photos", [[*PHOTOS, ODD], indexed([*PHOTOS, ODD])])
def test_what_all_photos_are_asked_for_is_the_same_of_photos_and_of_columns(
    photos: Sequence[Photo],
) -> None:
    some = photos_at(photos, np.array([9, 8, 1, 0]))
    each = [ODD, PHOTOS[8], PHOTOS[1], PHOTOS[0]]
    assert list(some) == each
    assert contents(some) == [its.content for its in each]
    for found, name in ((pixel_hashes(some), "pixel_hash"), (dct_hashes(some), "dct_hash")):
        assert [its.tobytes() for its in found] == [getattr(its, name) or bytes(32) for its in each]
    when = [timedelta(microseconds=its) for its in moments(some).tolist() if its != NEVER]
    assert [EPOCH + its for its in when] == [its.taken for its in each if its.taken]
    assert [its == NEVER for its in moments(some).tolist()] == [its.taken is None for its in each]
    known = [(its.latitude, its.longitude) for its in each]
    assert np.array_equal(degrees(some), np.array(known, np.float64), equal_nan=True)
    assert linked(some) == []


def test_further_names_of_a_photo_are_kept_with_it() -> None:
    names = (Path("/photos/also.jpg"),)
    photos = indexed(PHOTOS).with_names(np.array([1, 2, 5]), {2: names})
    assert [each.hard_links for each in photos] == [(), names, ()]
    assert linked(photos) == linked(list(photos)) == [1]
    assert linked(photos_at(photos, np.array([2, 1]))) == [1]


def test_two_lists_are_laid_one_of_each_at_a_time() -> None:
    assert interleaved([b"a", b"b"], [b"1", b"2"]) == b"a1b2"
