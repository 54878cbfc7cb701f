"""What is known of a photo and its files has a name, which is another one once that changes."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedupe.index.facts import facts_of, mixed, places_among
from dedupe.index.library import Library, open_library


@pytest.fixture(autouse=True)
def filled(tree: Path, photos: list[bytes]) -> None:
    for number, data in enumerate(photos):
        (tree / f"{number:02}.jpg").write_bytes(data)


def keys(library: Library) -> dict[bytes, bytes]:
    """By content what is known of it."""
    contents = [library.photos[row].content for row in library.first_rows.tolist()]
    return dict(zip(contents, map(bytes, library.fact_keys), strict=True))


def changed(before: dict[bytes, bytes], after: dict[bytes, bytes]) -> set[bytes]:
    return {content for content in before if before[content] != after[content]}


def test_the_same_library_has_the_same_names(index: Path, scan: Callable[..., object]) -> None:
    scan()
    first = open_library(index=index)
    assert len(set(keys(first).values())) == len(first.copies) > 5
    scan()
    assert keys(open_library(index=index)) == keys(first)


@pytest.mark.parametrize("change", ["moved", "touched", "copied", "linked"])
def test_a_photo_that_was_moved_copied_or_linked_has_another_name_and_the_others_have_theirs(
    index: Path, scan: Callable[..., object], change: str
) -> None:
    scan()
    library = open_library(index=index)
    path = library.photos[1].path
    if change == "moved":
        path.rename(path.with_name("elsewhere.jpg"))
    if change == "touched":
        os.utime(path, ns=(10**18, 10**18))
    if change == "copied":
        path.with_name("copy.jpg").write_bytes(path.read_bytes())
    if change == "linked":
        path.with_name("link.jpg").hardlink_to(path)
    scan()
    again = open_library(index=index)
    assert changed(keys(library), keys(again)) == {library.photos[1].content}
    for each in (library, again):
        bare = Library(
            photos=each.photos,
            vectors=each.vectors,
            encoder=each.encoder,
            skips=each.skips,
            index=each.index,
        )
        assert bare.fact_keys.shape == (0, 2)
        assert bare.copies == each.copies
        assert bare.photo_keys == each.photo_keys


SEALS = st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1)), max_size=9)


@given(SEALS)
def test_facts_are_of_both_seals(seals: list[tuple[int, int]]) -> None:
    each = np.array(seals, np.int64).reshape(-1, 2)
    facts = facts_of(each)
    assert facts.shape == each.shape
    assert len(set(map(bytes, facts))) == len(set(seals))


def numbers(count: int, kinds: int) -> npt.NDArray[np.uint64]:
    return np.random.default_rng(count).integers(0, kinds, (count, 2), np.uint64)


@pytest.mark.parametrize("kinds", [2, 5, 2**63])
def test_numbers_are_found_among_others_and_no_others_are(kinds: int) -> None:
    known = np.unique(numbers(40, kinds), axis=0)
    wanted = np.concatenate([numbers(41, kinds), known[::3]])
    found = places_among(known, wanted)
    listed = known.tolist()
    assert found.tolist() == [
        listed.index(each) if each in listed else -1 for each in wanted.tolist()
    ]
    assert places_among(known[:0], wanted).tolist() == [-1] * len(wanted)
    assert places_among(known, wanted[:0]).tolist() == []


def test_any_bit_changes_about_half_of_the_bits() -> None:
    one = mixed(np.array([12345], np.uint64))
    for bit in range(64):
        other = mixed(np.array([12345 ^ 1 << bit], np.uint64))
        assert 30 < np.bitwise_count(one ^ other).sum() < 98
