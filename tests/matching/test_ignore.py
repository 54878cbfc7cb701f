"""Photos that somebody called different are in no set together; hidden sets come back."""

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dedupe.errors import PhotoUnreadable, UsageError
from dedupe.index.ignored import Ignored
from dedupe.index.library import Library, open_library
from dedupe.matching.explain import explain
from dedupe.matching.pairs.relations import Relation
from dedupe.matching.sets.groups import Group, find_groups
from dedupe.matching.sets.ignore import decisions, hide, ignore, unignore, without_hidden
from dedupe.matching.sets.verified import verify

Numbers = Callable[..., Library]
patient = settings(
    deadline=None, max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
SAMPLES = Path(__file__).resolve().parents[2] / "sample_photos"
DOGS = SAMPLES / "phone/2019-07/IMG_20190714_101512.jpg"
CHAT = SAMPLES / "chat/IMG-20190714-WA0003.jpg"
CROP = SAMPLES / "phone/2019-07/IMG_20190714_101512~2.jpg"
COFFEE = SAMPLES / "phone/2019-11/IMG_20191117_104433.jpg"


def contents(group: Group) -> set[bytes]:
    return {photo.content for photo in group.photos}


def together(groups: list[Group], *paths: Path) -> bool:
    return any({photo.path for photo in group.photos} >= set(paths) for group in groups)


def found(library: Library, **options: object) -> list[Group]:
    return find_groups(library, verdicts=verify(library), **options)  # type: ignore[arg-type]


# --- what holds for every library


@patient
@given(st.data())
def test_no_set_holds_two_that_are_apart_and_all_else_holds_as_before(
    numbers: Numbers, data: st.DataObject
) -> None:
    spots = st.integers(-2, 2).map(lambda n: n * 7.0)
    pixels = st.sampled_from([b"", b"", b"\1" * 32, b"\2" * 32])
    facts = st.tuples(spots, spots, pixels)
    # of each content a vector and pixels; then which content each photo has
    each_fact = data.draw(st.lists(facts, min_size=9, max_size=9))
    copies = data.draw(st.lists(st.integers(0, 8), min_size=2, max_size=14))
    count = len(copies)
    library = numbers(
        [each_fact[content][:2] for content in copies],
        [(f"/p/{place:02}", 5 + content) for place, content in enumerate(copies)],
        [{"pixel_hash": each_fact[content][2]} for content in copies],
    )
    each = sorted({photo.content for photo in library.photos})
    every_pair = list(combinations(each, 2))
    pairs = data.draw(st.sets(st.sampled_from(every_pair))) if every_pair else set()
    library = replace(library, ignored=Ignored(frozenset(pairs)))
    groups = find_groups(library)
    photos = [photo.path for group in groups for photo in group.photos]
    assert len(photos) == len(set(photos))
    for group in groups:
        assert not any(library.ignored.apart(a, b) for a, b in combinations(contents(group), 2))
        away = group.distances_to(group.kept)
        for photo, member in zip(group.photos, group.members, strict=True):
            if member.relation is Relation.LOOK_ALIKE:
                assert away[photo] <= 16
    # copies of one file stay together, whatever is said
    for content in each:
        rows = [photo.path for photo in library.photos if photo.content == content]
        assert len(rows) < 2 or together(groups, *rows)
    order = data.draw(st.permutations(range(count)))
    shuffled = replace(
        library,
        photos=tuple(library.photos[row] for row in order),
        vectors=library.vectors[np.array(order)],
    )
    again = find_groups(shuffled)
    assert [each.photos for each in again] == [each.photos for each in groups]
    assert [each.kept for each in again] == [each.kept for each in groups]


# --- the sample photos


def test_two_that_are_different_are_in_no_set_together_and_the_rest_stays(
    samples: Library,
) -> None:
    before = found(samples)
    assert together(before, DOGS, CHAT, CROP)
    assert ignore([DOGS, CHAT], index=samples.index) == 1
    assert ignore([CHAT, DOGS], index=samples.index) == 0
    library = open_library(index=samples.index)
    after = found(library)
    assert not together(after, DOGS, CHAT)
    assert together(after, DOGS, CROP)
    others = [group for group in before if DOGS not in {photo.path for photo in group.photos}]
    assert all(group in after for group in others)
    explained = explain(library, DOGS, CHAT)
    assert explained.ignored
    assert explained.relation is Relation.SAME_PICTURE  # that is still what they are
    assert explained.why[-1] == (
        "You said that they are different (`dedupe ignore`): no set holds both."
    )
    assert not explain(library, DOGS, CROP).ignored
    assert unignore([CHAT, DOGS], index=samples.index) == 1
    assert found(open_library(index=samples.index)) == before


def test_of_three_that_are_different_every_two_are_apart(samples: Library) -> None:
    assert ignore([DOGS, CHAT, CROP], index=samples.index) == 3
    groups = found(open_library(index=samples.index))
    for pair in combinations((DOGS, CHAT, CROP), 2):
        assert not together(groups, *pair)
    # a copy of one of them is that one
    assert together(groups, DOGS, SAMPLES / "backup/old laptop/phone/IMG_20190714_101512.jpg")


def test_a_hidden_set_is_not_shown_until_another_photo_joins_it(samples: Library) -> None:
    groups = found(samples)
    group = next(each for each in groups if together([each], DOGS))
    assert hide([group], index=samples.index) == 1
    assert hide([group], index=samples.index) == 0
    ignored = open_library(index=samples.index).ignored
    shown, hidden = without_hidden(groups, ignored)
    assert hidden == [group]
    assert shown == [each for each in groups if each != group]
    # without one of its photos it is still known; with one more it is not
    known = sorted(contents(group))
    assert ignored.hides(known[1:])
    assert not ignored.hides([*known, b"\0" * 32])
    assert unignore([COFFEE], sets=True, index=samples.index) == 0
    assert unignore([DOGS], sets=True, index=samples.index) == 1
    assert without_hidden(groups, open_library(index=samples.index).ignored) == (groups, [])


def test_all_that_was_said_is_listed_with_the_places_of_its_photos(samples: Library) -> None:
    assert decisions(index=samples.index) == ()
    ignore([DOGS, CROP], index=samples.index)
    group = next(each for each in found(samples) if together([each], COFFEE))
    hide([group], index=samples.index)
    different, hidden = decisions(index=samples.index)
    assert different.different
    assert [paths[-1] for _, paths in different.photos] == [DOGS, CROP]
    assert not hidden.different
    assert {content for content, _ in hidden.photos} == contents(group)
    assert {path for _, paths in hidden.photos for path in paths} == {
        photo.path for photo in group.photos
    }


def test_what_is_the_same_file_or_the_same_pixels_is_never_different(samples: Library) -> None:
    copy = SAMPLES / "backup/old laptop/IMG_0007.jpg"
    png = SAMPLES / "export/for printing/IMG_20191117_104433.png"
    for other, words in ((copy, "the same file"), (png, "the same picture, to a pixel")):
        with pytest.raises(UsageError, match=words) as refused:
            ignore([COFFEE, other], index=samples.index)
        assert "--set" in refused.value.hint
    with pytest.raises(UsageError, match="it takes two"):
        ignore([COFFEE], index=samples.index)
    with pytest.raises(PhotoUnreadable, match="is not a file"):
        ignore([COFFEE, SAMPLES], index=samples.index)
    assert decisions(index=samples.index) == ()
