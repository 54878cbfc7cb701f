"""What faiss finds of very many photos: most of the nearest, and it says how many."""

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from photos_by_number import library

from dedupe.index.library import Library
from dedupe.matching.near import approximate, listing
from dedupe.matching.near import candidates as module
from dedupe.matching.near.candidates import candidates

pytest.importorskip("faiss")


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few photos are many, and their thumbnails show nothing."""
    monkeypatch.setattr(approximate, "ABOVE", 2)
    monkeypatch.setattr(module, "_WORTH", 2)
    monkeypatch.setattr(module, "thumbnails", lambda *_: {})


def photos(index: Path, numbers: list[int]) -> Library:
    """Of every ten in a row the vectors are 1 to 8 apart, and hashes differ by a few bits."""
    bare = library(index, numbers)
    vectors, known = [], []
    for number, photo in zip(sorted(numbers), bare.photos, strict=True):
        kind, own = np.random.default_rng(number // 10), np.random.default_rng(number + 10**6)
        vectors.append(kind.normal(0, 2, 64) + own.normal(0, 0.4, 64))
        bits = kind.integers(0, 2, 256) ^ (own.random(256) < 0.05)
        known.append(replace(photo, dct_hash=np.packbits(bits).tobytes()))
    return replace(bare, photos=tuple(known), vectors=np.array(vectors, np.float16))


def exactly(library: Library, monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    with monkeypatch.context() as patch:
        patch.setattr(approximate, "ABOVE", 10**9)
        found = candidates(library)
    assert found.recall is None
    return found.pairs.tolist()


def test_few_enough_for_one_cell_are_all_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = photos(tmp_path / "index.db", list(range(100)))
    found = candidates(some)
    assert found.recall == 1
    assert found.pairs.tolist() == exactly(some, monkeypatch)
    assert len(found.pairs) > 100


def test_of_many_photos_nearly_all_are_found_and_it_is_measured_how_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(approximate, "_CELLS", 1)
    monkeypatch.setattr(approximate, "_ENOUGH", 0.0)
    many = photos(tmp_path / "index.db", list(range(4000)))
    found = candidates(many)
    wanted = {tuple(pair) for pair in exactly(many, monkeypatch)}
    listed = {tuple(pair) for pair in found.pairs.tolist()}
    assert found.recall is not None
    assert 0.8 < found.recall < 1
    assert len(wanted & listed) / len(wanted) == pytest.approx(found.recall, abs=0.1)


def test_more_cells_are_looked_into_until_enough_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(approximate, "_CELLS", 1)
    many = photos(tmp_path / "index.db", list(range(4000)))
    found = candidates(many)
    assert found.recall is not None
    monkeypatch.setattr(approximate, "_ENOUGH", 0.0)
    fewer = candidates(photos(tmp_path / "other.db", list(range(4000))))
    assert fewer.recall is not None
    assert found.recall > fewer.recall


def test_new_photos_leave_what_all_of_them_would_have(tmp_path: Path) -> None:
    numbers = list(range(1000))
    at_once = candidates(photos(tmp_path / "at once.db", numbers))
    first = random.Random(1).sample(numbers, 700)
    index = tmp_path / "index.db"
    candidates(photos(index, first))
    assert candidates(photos(index, numbers)).pairs.tolist() == at_once.pairs.tolist()


def test_what_was_found_is_remembered_with_how_much_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = photos(tmp_path / "index.db", list(range(200)))
    first = candidates(some)

    def nothing(*_: object) -> None:
        raise AssertionError("looked for again")

    monkeypatch.setattr(listing, "near_vectors", nothing)
    again = candidates(some)
    assert again.recall == first.recall == 1
    assert again.pairs.tolist() == first.pairs.tolist()


def test_what_is_approximate_is_not_taken_for_exact(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(approximate, "_CELLS", 1)
    monkeypatch.setattr(approximate, "_ENOUGH", 0.0)
    many = photos(tmp_path / "index.db", list(range(2000)))
    candidates(many)
    fresh = photos(tmp_path / "fresh.db", list(range(2000)))
    assert exactly(many, monkeypatch) == exactly(fresh, monkeypatch)


def test_without_faiss_all_are_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(approximate, "_faiss", lambda: "")
    some = photos(tmp_path / "index.db", list(range(100)))
    found = candidates(some)
    assert found.recall is None
    assert found.pairs.tolist() == exactly(some, monkeypatch)


def test_photos_of_which_nothing_is_alike_have_no_candidates(tmp_path: Path) -> None:
    apart = photos(tmp_path / "index.db", list(range(0, 300, 10)))
    without = replace(
        apart,
        photos=tuple(replace(photo, dct_hash=b"") for photo in apart.photos),
        vectors=(apart.vectors * 10).astype(np.float16),
    )
    found = candidates(without)
    assert found.pairs.shape == (0, 2)
    assert found.recall == 1
