"""What is remembered of a library: the verdicts and sets that would be found anew."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from dedupe.index.answers import AnswerFile
from dedupe.index.ignored import Ignored
from dedupe.index.library import Library, open_library
from dedupe.matching.pairs.relations import Relation
from dedupe.matching.sets import groups as grouping
from dedupe.matching.sets import verified
from dedupe.matching.sets.groups import Group, find_groups
from dedupe.matching.sets.remembered_parts import COLUMNS as part_columns
from dedupe.matching.sets.remembered_sets import COLUMNS as set_columns
from dedupe.matching.sets.verdicts import COLUMNS as verdict_columns
from dedupe.matching.sets.verdicts import Verdicts
from dedupe.matching.sets.verified import Choice, verify
from dedupe.photos.photo import Photo

THRESHOLDS = (0.0, 8.0, 16.0, 22.0, 16.0, 30.0)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few photos are worth remembering."""
    monkeypatch.setattr(verified, "WORTH", 2)


@pytest.fixture(scope="module")
def answered_index(sample_index: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of which all is remembered: to be copied, not written to."""
    folder = tmp_path_factory.mktemp("answered")
    shutil.copytree(sample_index.parent, folder, dirs_exist_ok=True)
    index = folder / "index.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verified, "WORTH", 2)
        library = open_library(index=index)
        find_groups(library, verdicts=verify(library, device="cpu"), device="cpu")
    return index


@pytest.fixture
def answered(answered_index: Path, tmp_path: Path) -> Library:
    """The library of the sample photos, all that is to be known of it remembered."""
    shutil.copytree(answered_index.parent, tmp_path, dirs_exist_ok=True)
    return open_library(index=tmp_path / "index.db")


@pytest.fixture
def proofs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was put together anew: verdicts, sets."""
    made: list[str] = []

    def counting(module: object, name: str, what: str) -> None:
        real: Callable[..., object] = getattr(module, name)

        def counted(*arguments: object, **named: object) -> object:
            made.append(what)
            return real(*arguments, **named)

        monkeypatch.setattr(module, name, counted)

    counting(verified, "candidates", "verdicts")
    counting(grouping, "proved_sets", "sets")
    return made


def anew(library: Library, threshold: float, **named: object) -> list[Group]:
    """As if nothing had ever been remembered."""
    bare = replace(library, read=None)
    return find_groups(bare, threshold, verdicts=verify(bare, device="cpu"), device="cpu", **named)  # type: ignore[arg-type]


def told(groups: Sequence[Group]) -> list[tuple[object, ...]]:
    return [(each.photos, each.kept, each.members, each.spread) for each in groups]


def first_by_path(photos: object) -> Sequence[Photo]:
    return sorted(photos, key=lambda photo: photo.path)  # type: ignore[call-overload,no-any-return]


def test_another_threshold_asks_for_no_proof_again_and_gives_what_it_would_anew(
    samples: Library, proofs: list[str]
) -> None:
    expected = [told(anew(samples, threshold)) for threshold in THRESHOLDS]
    proofs.clear()
    for _ in range(2):
        library = open_library(index=samples.index)
        for threshold, groups in zip(THRESHOLDS, expected, strict=True):
            verdicts = verify(library, device="cpu")
            found = find_groups(library, threshold, verdicts=verdicts, device="cpu")
            assert told(found) == groups
            for group in found:
                rows = [library.photos.index(photo) for photo in group.photos]
                assert np.array_equal(group.vectors, library.vectors[rows])
    assert proofs == ["verdicts", "sets"]


def test_remembered_verdicts_are_those_that_were_found(samples: Library) -> None:
    first = verify(samples, device="cpu")
    again = verify(samples, device="cpu")
    assert again.related is not first.related
    assert len(again.related) == len(first.related) > 10
    for pair, verdict in first.related.items():
        other = again.related[pair]
        assert other.relation is verdict.relation
        assert (other.evidence is None) == (verdict.evidence is None)
        if verdict.evidence is not None and other.evidence is not None:
            assert np.array_equal(other.evidence.homography, verdict.evidence.homography)
            assert other.evidence.agreement == verdict.evidence.agreement
    assert (again.verified, again.without_thumbnail) == (first.verified, first.without_thumbnail)
    assert (0, 10**6) not in again.related


@pytest.mark.parametrize("relation", list(Relation))
def test_each_relation_has_its_own_answer(
    samples: Library, proofs: list[str], relation: Relation
) -> None:
    verdicts = verify(samples, device="cpu")
    find_groups(samples, verdicts=verdicts, device="cpu")
    for _ in range(2):
        found = find_groups(samples, verdicts=verdicts, relation=relation, device="cpu")
        assert told(found) == told(anew(samples, 16.0, relation=relation))


@pytest.mark.parametrize("change", ["name", "fact", "folder", "vector", "order"])
def test_whatever_changes_the_answer_is_found_anew(
    samples: Library, proofs: list[str], change: str
) -> None:
    verify(samples, device="cpu")
    proofs.clear()
    if change == "name":
        verify(samples, known_as="by another name", device="cpu")
    if change == "order":
        verify(samples, order=first_by_path, device="cpu")
    if change == "folder":
        verify(open_library(samples.photos[0].path.parent, index=samples.index), device="cpu")
    if change == "fact":
        photos = (replace(samples.photos[0], width=1), *samples.photos[1:])
        verify(replace(samples, photos=photos), device="cpu")
    if change == "vector":
        verify(replace(samples, vectors=samples.vectors[::-1].copy()), device="cpu")
    assert proofs == ["verdicts"]


def test_photos_that_are_said_to_be_different_make_other_sets(
    samples: Library, proofs: list[str]
) -> None:
    verdicts = verify(samples, device="cpu")
    before = find_groups(samples, verdicts=verdicts, device="cpu")
    one, other = before[-1].photos[:2]
    pair = (min(one.content, other.content), max(one.content, other.content))
    apart = replace(samples, ignored=Ignored(frozenset({pair})))
    for _ in range(2):
        found = find_groups(apart, verdicts=verdicts, device="cpu")
        assert told(found) == told(anew(apart, 16.0)) != told(before)
    assert told(find_groups(samples, verdicts=verdicts, device="cpu")) == told(before)


def test_an_order_without_a_name_is_not_remembered(samples: Library, proofs: list[str]) -> None:
    for order in (first_by_path, lambda photos: first_by_path(photos)[::-1]):
        verdicts = verify(samples, order=order, device="cpu")
        assert verdicts.key == b""
        find_groups(samples, verdicts=verdicts, order=order, device="cpu")
    assert proofs == ["verdicts", "sets"] * 2
    named = verify(samples, device="cpu")
    proofs.clear()
    for order in (first_by_path, lambda photos: first_by_path(photos)[::-1]):
        find_groups(samples, verdicts=named, order=order, device="cpu")
    assert proofs == ["sets", "sets"]


def by_choice(
    samples: Library, verdicts: Verdicts, *, last: bool, settled: bool
) -> tuple[list[Group], int]:
    """Sets of which the first or the last by path is kept, and how often somebody was asked."""
    asked = []

    def choose(pictures: Sequence[Sequence[Photo]]) -> Choice:
        asked.append(pictures)
        photos = first_by_path([photo for picture in pictures for photo in picture])
        return Choice(photos[-1 if last else 0], settled)

    found = find_groups(samples, verdicts=verdicts, choose=choose, known_as="a name", device="cpu")
    return found, len(asked)


def test_who_was_chosen_is_remembered_unless_a_file_could_not_be_looked_at(
    samples: Library,
) -> None:
    verdicts = verify(samples, known_as="a name", device="cpu")
    first, asked = by_choice(samples, verdicts, last=False, settled=False)
    assert asked > 3
    # what was not settled is asked again, and may be answered otherwise
    last, again = by_choice(samples, verdicts, last=True, settled=True)
    assert again == asked
    assert [each.kept for each in last] != [each.kept for each in first]
    # what was settled is not asked again, but for sets that their distance has joined
    kept, left = by_choice(samples, verdicts, last=False, settled=True)
    assert left < asked
    joined = {photo for each in kept for photo in each.photos if len(each.photos) > 1}
    assert joined
    assert (
        sum(one.kept == other.kept for one, other in zip(kept, last, strict=True)) >= asked - left
    )


def test_a_damaged_answer_is_found_anew(samples: Library, proofs: list[str]) -> None:
    verdicts = verify(samples, device="cpu")
    expected = told(find_groups(samples, verdicts=verdicts, device="cpu"))
    for kind in ("verdicts", "pairs", "parts", "sets"):
        [path] = samples.index.parent.glob(f"*.{kind}")
        path.write_bytes(path.read_bytes()[:-1])
    verdicts = verify(samples, device="cpu")
    assert told(find_groups(samples, verdicts=verdicts, device="cpu")) == expected
    assert proofs == ["verdicts", "sets"] * 2


SPOILS: dict[str, Callable[[npt.NDArray[np.generic]], npt.ArrayLike]] = {
    "gone": lambda column: column[:0],
    "one less": lambda column: column[:-1],
    "one more": lambda column: np.append(column, column[:1]),
    "negative": lambda column: np.append(column[:-1], -1).astype(column.dtype),
    "huge": lambda column: np.append(column[:-1], 10**9).astype(column.dtype),
    "all zero": np.zeros_like,
    "all one": np.ones_like,
    "none and two": lambda column: np.arange(len(column)) % 2 * 2,
    "backwards": lambda column: column[::-1],
}


@pytest.mark.parametrize("spoil", SPOILS)
@pytest.mark.parametrize("kind", ["verdicts", "parts", "sets"])
def test_an_answer_that_somebody_made_up_never_ends_in_a_fault(
    answered: Library, monkeypatch: pytest.MonkeyPatch, kind: str, spoil: str
) -> None:
    real = AnswerFile.read
    expected = told(find_groups(answered, verdicts=verify(answered, device="cpu"), device="cpu"))
    answer = None
    columns = {"verdicts": verdict_columns, "parts": part_columns, "sets": set_columns}[kind]
    for name in columns:

        def read(file: AnswerFile, key: bytes, name: str = name) -> object:
            nonlocal answer
            answer = real(file, key)
            if answer is not None and f".{kind}" in file.path.name:
                answer[name] = np.array(SPOILS[spoil](answer[name]), columns[name])
            return answer

        monkeypatch.setattr(AnswerFile, "read", read)
        verdicts = verify(answered, device="cpu")
        found = find_groups(answered, verdicts=verdicts, device="cpu")
        assert answer is not None
        if spoil in ("gone", "one less", "one more") and name != "words":
            assert told(found) == expected  # what does not fit together is found anew
        for group in found:
            assert all(member.edit.isprintable() for member in group.members)


def test_what_stands_in_an_answer_is_safe_to_show(answered: Library) -> None:
    real = AnswerFile.read

    def read(file: AnswerFile, key: bytes) -> object:
        answer = real(file, key)
        if answer is not None and ".sets" in file.path.name:
            words = ["\x1b]0;owned\x07\u202e"] * 50
            answer["words"] = np.frombuffer("\0".join(words).encode(), np.uint8)
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(AnswerFile, "read", read)
        groups = find_groups(answered, verdicts=verify(answered, device="cpu"), device="cpu")
    edits = {member.edit for group in groups for member in group.members}
    assert any("owned" in edit for edit in edits)
    assert all(edit.isprintable() for edit in edits)


def test_few_photos_are_not_remembered(samples: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verified, "WORTH", len(samples.photos) + 1)
    verdicts = verify(samples, device="cpu")
    find_groups(samples, verdicts=verdicts, device="cpu")
    assert not [*samples.index.parent.glob("*.verdicts"), *samples.index.parent.glob("*.sets")]


def test_a_library_is_known_by_all_that_an_index_says_of_it(samples: Library) -> None:
    again = open_library(index=samples.index)
    assert again.key == samples.key != b""
    assert replace(samples, photos=samples.photos[:-1]).key == b""
    assert replace(samples, photos=samples.photos[::-1]).key == b""
    assert replace(samples, vectors=samples.vectors.copy()).key == b""
    assert replace(samples, ignored=Ignored()).key == samples.key
    folder = samples.photos[0].path.parent
    assert open_library(folder, index=samples.index).key not in (samples.key, b"")
