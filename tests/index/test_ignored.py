"""What was said of photos is kept by content, until it is taken back."""

from collections.abc import Callable
from pathlib import Path

import pytest

from dedupe.errors import IndexProblem, PhotoUnreadable
from dedupe.index.forget import forget
from dedupe.index.ignored import (
    Ignored,
    content_of,
    forget_ignored,
    known_ignored,
    pairs_of,
    remember_ignored,
)
from dedupe.index.library import Library
from dedupe.index.scan import ScanReport
from dedupe.index.store import Index

A, B, C = (bytes([letter]) * 32 for letter in b"abc")
SAID = Ignored(frozenset({(A, B)}), frozenset({frozenset((A, B, C))}))


def known(index: Path) -> Ignored:
    with Index(index) as store:
        return known_ignored(store)


def test_what_was_said_comes_back_and_once_is_enough(index: Path) -> None:
    with Index(index, create=True, lock=True) as store:
        assert not known_ignored(store)
        assert remember_ignored(store, SAID) == 2
        assert remember_ignored(store, SAID) == 0
        assert remember_ignored(store, Ignored(frozenset(pairs_of([C, B, A])))) == 2
    assert known(index) == Ignored(frozenset({(A, B), (A, C), (B, C)}), SAID.sets)


def test_what_is_taken_back_is_gone_and_nothing_else(index: Path) -> None:
    with Index(index, create=True, lock=True) as store:
        remember_ignored(store, SAID)
        assert forget_ignored(store, Ignored(frozenset({(A, B), (A, C)}))) == 1
        assert forget_ignored(store, Ignored(frozenset({(A, B)}))) == 0
        assert known_ignored(store) == Ignored(sets=SAID.sets)
        assert forget_ignored(store, SAID) == 1
        assert not known_ignored(store)


def test_a_pair_is_the_same_whichever_comes_first() -> None:
    assert list(pairs_of([B, A, B])) == [(A, B)]
    assert SAID.apart(A, B)
    assert SAID.apart(B, A)
    assert not SAID.apart(A, C)
    assert not SAID.apart(A, A)


def test_a_set_is_hidden_until_another_joins_it() -> None:
    assert SAID.hides([A, B, C])
    assert SAID.hides([C, A])
    assert not SAID.hides([A, B, C, b"d" * 32])
    assert not Ignored().hides([A])


def test_what_was_said_is_kept_when_photos_move_and_are_forgotten(
    tree: Path,
    photos: list[bytes],
    scan: Callable[..., ScanReport],
    library: Callable[..., Library],
    index: Path,
) -> None:
    for name, data in zip("ab", photos, strict=False):
        (tree / f"{name}.jpg").write_bytes(data)
    scan()
    one, other = (content_of(tree / f"{name}.jpg")[1] for name in "ab")
    said = Ignored(frozenset(pairs_of([one, other])))
    with Index(index, lock=True) as store:
        remember_ignored(store, said)
    assert library().ignored == said
    (tree / "in").mkdir()
    (tree / "a.jpg").rename(tree / "in/moved.jpg")
    scan()
    assert library().ignored == said
    forget([tree], index=index)
    scan()
    assert library().ignored == said
    with Index(index) as store:
        assert store.paths_of({one, A}) == {one: (tree / "in/moved.jpg",)}


def test_only_files_have_a_content(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(PhotoUnreadable, match="is not a file"):
            content_of(path)


def test_while_a_scan_is_writing_nothing_is_said(index: Path) -> None:
    with (
        Index(index, create=True, lock=True),
        pytest.raises(IndexProblem),
        Index(index, lock=True) as second,
    ):
        remember_ignored(second, SAID)
