"""What is remembered of pairs, parts and sets decides no answer, whichever photos come and go."""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from as_read import as_read
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dedupe.index.answers import AnswerFile
from dedupe.index.ignored import Ignored
from dedupe.index.library import Library
from dedupe.index.reading import ReadIndex
from dedupe.matching.near.candidates import Candidates
from dedupe.matching.near.listing import NEAREST
from dedupe.matching.near.neighbours import Neighbours
from dedupe.matching.pairs import examination, remembered_pairs
from dedupe.matching.pairs.related import Related, Verdict, none_related
from dedupe.matching.pairs.relations import Relation
from dedupe.matching.sets import asking, remembered_names, verified
from dedupe.matching.sets import clusters as clustering
from dedupe.matching.sets import groups as grouping
from dedupe.matching.sets.clusters import find_clusters
from dedupe.matching.sets.groups import Group, find_groups
from dedupe.matching.sets.stars import components, missing_links, neighbours
from dedupe.matching.sets.verified import Choice, verify
from dedupe.photos.photo import Photo

KINDS = ("pairs", "parts", "sets")
ANY = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few photos are worth remembering."""
    monkeypatch.setattr(verified, "WORTH", 2)
    monkeypatch.setattr(clustering, "WORTH", 2)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """How many pairs the index was asked about, contents were proved, and sets put in words."""
    counts = {"pairs": 0, "parts": 0, "sets": 0}

    def counting(module: object, name: str, what: str, at: int) -> None:
        real: Callable[..., object] = getattr(module, name)

        def counted(*arguments: object, **named: object) -> object:
            counts[what] += len(arguments[at])  # type: ignore[arg-type]
            return real(*arguments, **named)

        monkeypatch.setattr(module, name, counted)

    counting(examination.Examination, "_told", "pairs", 1)
    counting(grouping, "proved_sets", "parts", 1)
    counting(grouping, "made_of", "sets", 0)
    return counts


def told(groups: Sequence[Group]) -> list[tuple[object, ...]]:
    return [(each.photos, each.kept, each.members, each.spread) for each in groups]


def grouped(library: Library, threshold: float = 16.0, **named: object) -> list[tuple[object, ...]]:
    verdicts = verify(library, device="cpu")
    return told(find_groups(library, threshold, verdicts=verdicts, device="cpu", **named))  # type: ignore[arg-type]


def made_up(
    kind: str, column: str, spoil: Callable[[np.ndarray], np.ndarray]
) -> Callable[[AnswerFile, bytes], object]:
    """How answers of a kind are read where somebody changed one of their columns."""
    real = AnswerFile.read

    def read(file: AnswerFile, key: bytes) -> object:
        answer = real(file, key)
        if answer is not None and file.path.name.endswith(f".{kind}"):
            answer[column] = spoil(answer[column])
        return answer

    return read


def anew(library: Library, threshold: float = 16.0, **named: object) -> list[tuple[object, ...]]:
    """As if nothing had ever been remembered, but for what is in the index."""
    return grouped(replace(library, read=None), threshold, **named)


@given(
    st.lists(
        st.tuples(
            st.sets(st.integers(0, 10**6), min_size=2, max_size=80),
            st.sampled_from([6.0, 16.0, 24.0]),
            st.sampled_from([Relation.LOOK_ALIKE, Relation.SAME_SCENE, Relation.SAME_PICTURE]),
        ),
        min_size=2,
        max_size=4,
    )
)
@ANY
def test_sets_do_not_depend_on_what_was_in_the_library_before(
    samples: Library, libraries: list[tuple[set[int], float, Relation]]
) -> None:
    for numbers, threshold, relation in libraries:
        library = as_read(samples, {number % len(samples.photos) for number in numbers})
        expected = anew(library, threshold, relation=relation)
        assert grouped(library, threshold, relation=relation) == expected
        assert grouped(library, threshold, relation=relation) == expected


def test_photos_more_ask_only_for_what_they_change(samples: Library, asked: dict[str, int]) -> None:
    count = len(samples.photos)
    grouped(as_read(samples, range(count - 3)))
    first = dict(asked)
    assert min(first.values()) > 5
    assert grouped(as_read(samples)) == anew(as_read(samples))
    again = {each: asked[each] - first[each] for each in KINDS}
    before = dict(asked)
    grouped(as_read(samples))
    assert asked == before  # nothing is new
    anew(as_read(samples))
    everything = {each: asked[each] - before[each] for each in KINDS}
    for each in KINDS:
        assert again[each] - everything[each] < everything[each] / 2


Change = Callable[[Photo], Photo]
CHANGES: dict[str, Change] = {
    "another camera": lambda photo: replace(photo, camera="Nikon D70"),
    "another time": lambda photo: replace(photo, taken=datetime(2001, 2, 3), taken_from="original"),
    "other pixels": lambda photo: replace(photo, pixel_hash=b"p" * 32, reduced=1),
    "smaller": lambda photo: replace(photo, width=10, height=10),
    "an animation": lambda photo: replace(photo, frames=3),
    "moved": lambda photo: replace(
        photo, file=replace(photo.file, path=photo.path.with_name(f"zz-{photo.path.name}"))
    ),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("every", [1, 3])
def test_whatever_becomes_known_of_a_photo_makes_its_sets_anew(
    samples: Library, change: str, every: int
) -> None:
    grouped(as_read(samples))
    photos = [
        CHANGES[change](photo) if row % every == 0 else photo
        for row, photo in enumerate(samples.photos)
    ]
    order = sorted(range(len(photos)), key=lambda row: bytes(photos[row].path))
    changed = replace(
        samples, photos=tuple(photos[row] for row in order), vectors=samples.vectors[order]
    )
    assert grouped(as_read(changed)) == anew(as_read(changed))
    assert grouped(as_read(samples)) == anew(as_read(samples))


def test_another_vector_makes_another_spread(samples: Library) -> None:
    before = grouped(as_read(samples))
    nearer = replace(samples, vectors=(samples.vectors / 2).astype(np.float16))
    assert grouped(as_read(nearer)) == anew(as_read(nearer)) != before


def test_a_copy_more_is_in_the_set_of_its_photo(samples: Library) -> None:
    library = as_read(samples)
    before = grouped(library)
    photo = before[0][1]
    assert isinstance(photo, Photo)
    row = library.photos.index(photo)
    copy = replace(photo, file=replace(photo.file, path=photo.path.with_suffix(".bak")))
    rows = list(range(len(library.photos)))
    rows.insert(row + 1, row)
    photos = list(library.photos)
    photos.insert(row + 1, copy)
    order = sorted(range(len(photos)), key=lambda place: bytes(photos[place].path))
    more = replace(
        samples,
        photos=tuple(photos[place] for place in order),
        vectors=library.vectors[[rows[place] for place in order]],
    )
    assert grouped(as_read(more)) == anew(as_read(more)) != before


def test_photos_said_to_be_different_are_told_apart_in_sets_that_were_known(
    samples: Library,
) -> None:
    library = as_read(samples)
    known = grouped(library)
    for photos, *_ in known:
        assert isinstance(photos, tuple)
        one, other = photos[0].content, photos[-1].content
        if one == other:
            continue
        pair = (min(one, other), max(one, other))
        apart = replace(library, ignored=Ignored(frozenset({pair})))
        assert grouped(apart) == anew(apart)
    assert grouped(library) == known


def test_each_keep_rule_has_its_own_sets(samples: Library) -> None:
    library = as_read(samples)

    def backwards(photos: Iterable[Photo]) -> Sequence[Photo]:
        return sorted(photos, key=lambda photo: photo.path, reverse=True)

    def run(each: Library) -> list[tuple[object, ...]]:
        verdicts = verify(each, order=backwards, known_as="backwards", device="cpu")
        return told(
            find_groups(
                each, verdicts=verdicts, order=backwards, known_as="backwards", device="cpu"
            )
        )

    first = grouped(library)
    assert run(library) == run(library) == run(replace(library, read=None)) != first
    assert grouped(library) == first


def test_sets_that_a_distance_joins_are_remembered_with_who_was_chosen(
    samples: Library,
) -> None:
    library = as_read(samples)
    verdicts = verify(library, known_as="a name", device="cpu")
    asked: list[object] = []

    def choose(pictures: Sequence[Sequence[Photo]]) -> Choice:
        asked.append(pictures)
        return Choice(min((each for its in pictures for each in its), key=lambda each: each.path))

    def run() -> list[tuple[object, ...]]:
        found = find_groups(
            library, 30.0, verdicts=verdicts, choose=choose, known_as="a name", device="cpu"
        )
        assert any(Relation.LOOK_ALIKE in {m.relation for m in each.members} for each in found)
        return told(found)

    first = run()
    assert asked
    asked.clear()
    assert run() == first
    assert not asked


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("damage", ["cut", "gone", "other"])
def test_a_damaged_file_costs_time_and_no_answer(samples: Library, kind: str, damage: str) -> None:
    library = as_read(samples)
    expected = grouped(library)
    (file,) = samples.index.parent.glob(f"*.{kind}")
    data = file.read_bytes()
    file.write_bytes({"cut": data[: len(data) // 2], "gone": b"", "other": b"x" * 999}[damage])
    few = as_read(samples, range(len(samples.photos) - 1))
    assert grouped(few) == anew(few)
    assert grouped(library) == expected


@pytest.mark.parametrize("kind", KINDS)
def test_a_few_photos_do_not_take_the_place_of_a_library(
    samples: Library, asked: dict[str, int], kind: str
) -> None:
    grouped(as_read(samples))
    grouped(as_read(samples, range(8)))
    before = dict(asked)
    few = as_read(samples, range(len(samples.photos) - 1))
    grouped(few)
    some = asked[kind] - before[kind]
    before = dict(asked)
    anew(few)
    assert some < (asked[kind] - before[kind]) / 2


def test_what_somebody_made_up_of_pairs_never_ends_in_a_fault(
    samples: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    grouped(as_read(samples))
    for name in remembered_pairs.COLUMNS:
        for spoil in (
            lambda column: column[:0],
            lambda column: column[:-1],
            lambda column: column[::-1],
            np.zeros_like,
            lambda column: np.full_like(column, np.iinfo(column.dtype).max),
        ):
            with monkeypatch.context() as patch:
                patch.setattr(AnswerFile, "read", made_up("pairs", name, spoil))
                for group in find_groups(
                    as_read(samples),
                    verdicts=verify(as_read(samples), device="cpu"),
                    device="cpu",
                ):
                    assert len(group.photos) > 1


def test_what_is_the_same_without_a_thumbnail_makes_no_other_pair_related(
    samples: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = as_read(samples)
    everyone = np.array(list(combinations(range(len(library.first_rows)), 2)), np.int64)
    known = verify(library, device="cpu").related
    same = [pair for pair, each in known.items() if each.relation is Relation.SAME_PIXELS]
    near = Neighbours(len(library.first_rows), NEAREST, np.arange(len(library.first_rows)))
    monkeypatch.setattr(
        verified, "candidates", lambda *_, **__: Candidates(everyone, everyone[:0], None, 0, near)
    )
    assert same
    real = ReadIndex.thumbnails
    for row, _ in same:
        hidden = library.photos[row].content

        def thumbnails(
            store: ReadIndex, contents: Iterable[bytes], hidden: bytes = hidden
        ) -> dict[bytes, bytes]:
            return real(store, [each for each in contents if each != hidden])

        with monkeypatch.context() as patch:
            patch.setattr(ReadIndex, "thumbnails", thumbnails)
            with sqlite3.connect(samples.index) as db:
                db.executescript("DELETE FROM verdicts; DELETE FROM unrelated")
            db.close()
            for path in samples.index.parent.glob("*.pairs"):
                path.unlink()
            first = verify(library, known_as=f"first {row}", device="cpu")
            again = verify(library, known_as=f"again {row}", device="cpu")
        relations = [
            {pair: each.relation for pair, each in found.related.items()}
            for found in (first, again)
        ]
        assert relations[0] == relations[1]
        assert first.without_thumbnail == 1


def test_pairs_of_photos_without_thumbnails_are_asked_about_once(
    samples: Library, asked: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    with sqlite3.connect(samples.index) as db:
        db.executescript("DELETE FROM verdicts; DELETE FROM unrelated")
    db.close()
    library = as_read(samples)
    with monkeypatch.context() as patch:
        patch.setattr(ReadIndex, "thumbnails", lambda *_: {})
        bare = verify(replace(library, read=None), device="cpu")
        first = verify(library, device="cpu")
        before = dict(asked)
        again = verify(library, known_as="again", device="cpu")
        few = as_read(samples, range(len(samples.photos) - 2))
        some = verify(few, device="cpu")
        assert some.without_thumbnail == verify(replace(few, read=None)).without_thumbnail
    assert asked["pairs"] - before["pairs"] <= some.verified  # by the one without a memory
    assert first.without_thumbnail == again.without_thumbnail == bare.without_thumbnail > 10
    assert first.related == again.related == bare.related


# --- names of clusters


def clusters_anew(library: Library) -> object:
    return find_clusters(replace(library, read=None, index=Path("/none/index.db")), [], 40.0)


@given(
    st.lists(st.sets(st.integers(0, 10**6), min_size=2, max_size=60), min_size=2, max_size=4),
    st.sampled_from([None, *CHANGES]),
)
@ANY
def test_names_of_clusters_do_not_depend_on_what_was_named_before(
    samples: Library, libraries: list[set[int]], change: str | None
) -> None:
    for place, numbers in enumerate(libraries):
        library = as_read(samples, {number % len(samples.photos) for number in numbers})
        if place % 2 and change:
            photos = list(map(CHANGES[change], library.photos))
            order = sorted(range(len(photos)), key=lambda row: bytes(photos[row].path))
            changed = tuple(photos[row] for row in order)
            library = as_read(replace(library, photos=changed, vectors=library.vectors[order]))
        assert find_clusters(library, [], 40.0) == clusters_anew(library)
        assert find_clusters(library, [], 40.0) == clusters_anew(library)


def test_only_new_clusters_are_named(samples: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    named: list[int] = []
    real = clustering._middles

    def counting(vectors: np.ndarray, kinds: Sequence[np.ndarray]) -> list[int]:
        named.append(len(kinds))
        return real(vectors, kinds)

    monkeypatch.setattr(clustering, "_middles", counting)
    for library in (samples, samples, as_read(samples, range(3, len(samples.photos)))):
        assert find_clusters(as_read(library), [], 30.0)
    first, second, third = named
    assert second == 0 < third < first


@pytest.mark.parametrize("name", remembered_names.COLUMNS)
def test_names_that_somebody_made_up_never_end_in_a_fault(
    samples: Library, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    find_clusters(samples, [], 40.0)
    for spoil in (lambda column: column[:-1], lambda column: column * 0 - 1, np.ones_like):
        with monkeypatch.context() as patch:
            patch.setattr(AnswerFile, "read", made_up("names", name, spoil))
            for cluster in find_clusters(samples, [], 40.0):
                assert cluster.name.isprintable()


# --- verdicts by pairs


def related(found: dict[tuple[int, int], Relation]) -> Related:
    return Related.of({pair: (its, b"") for pair, its in found.items()})


PAIRS = st.dictionaries(
    st.tuples(st.integers(0, 6), st.integers(7, 12)),
    st.sampled_from([Relation.SAME_PIXELS, Relation.SAME_PICTURE, Relation.SAME_SCENE]),
)


@given(PAIRS, PAIRS)
def test_verdicts_taken_together_are_all_of_them(
    some: dict[tuple[int, int], Relation], others: dict[tuple[int, int], Relation]
) -> None:
    others = {pair: its for pair, its in others.items() if pair not in some}
    both = related(some).and_also(related(others))
    assert dict(both) == {pair: Verdict(its, None) for pair, its in (some | others).items()}
    assert list(both) == sorted(some | others)
    assert both.unpacked() == dict(both)
    assert both.is_sound(13)
    assert (not both) or not both.is_sound(7)


def test_no_verdicts_are_none() -> None:
    nobody = none_related()
    assert len(nobody) == 0
    assert dict(nobody.and_also(nobody)) == nobody.unpacked() == {}
    assert nobody.of_rows(np.empty(0, np.int64)) == nobody


SOME_PAIRS = st.sets(
    st.tuples(st.integers(0, 9), st.integers(0, 9)).map(lambda its: (min(its), max(its))),
    max_size=30,
).map(lambda pairs: {pair for pair in pairs if pair[0] != pair[1]})


@settings(deadline=None)  # the first loads scipy
@given(SOME_PAIRS, SOME_PAIRS)
def test_a_crowd_is_what_hangs_together_and_was_not_all_looked_at(
    links: set[tuple[int, int]], others: set[tuple[int, int]]
) -> None:
    asked = links | others
    crowds = [
        its for its in components(neighbours(links)) if not asked.issuperset(combinations(its, 2))
    ]
    looked_at = np.array(sorted(asked), np.int64).reshape(-1, 2)
    of_one_picture = related(dict.fromkeys(links, Relation.SAME_PICTURE))
    found = asking._crowds(of_one_picture, looked_at, 10)
    assert found == sorted(row for its in crowds for row in its)


@settings(deadline=None)
@given(SOME_PAIRS, SOME_PAIRS, st.permutations(range(10)), st.sets(st.integers(0, 9)))
def test_who_is_in_no_crowd_has_no_pair_that_is_missing(
    links: set[tuple[int, int]],
    others: set[tuple[int, int]],
    order: list[int],
    chosen: set[int],
) -> None:
    asked = links | others
    rank = {row: place for place, row in enumerate(order)}
    missing = missing_links(links, asked, rank, chosen=chosen)
    looked_at = np.array(sorted(asked), np.int64).reshape(-1, 2)
    of_one_picture = related(dict.fromkeys(links, Relation.SAME_PICTURE))
    crowds = set(asking._crowds(of_one_picture, looked_at, 10))
    within = {pair for pair in links if crowds.issuperset(pair)}
    assert missing == missing_links(within, asked, rank, chosen=chosen)


def test_files_of_pieces_are_beside_the_index(samples: Library, tmp_path: Path) -> None:
    grouped(as_read(samples))
    assert {path.suffix for path in tmp_path.glob("index.db.*")} >= {f".{kind}" for kind in KINDS}
