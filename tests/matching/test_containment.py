"""Which folders are in which: counted right, told once, and at the highest level."""

from collections.abc import Callable
from pathlib import Path, PurePosixPath

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dedupe.index.library import Library
from dedupe.matching.folders.containment import Containment, find_containments
from dedupe.matching.pairs.relations import Relation
from dedupe.matching.sets.groups import find_groups
from dedupe.matching.sets.verified import verify

Numbers = Callable[..., Library]
patient = settings(
    deadline=None, max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
SAMPLES = Path(__file__).resolve().parents[2] / "sample_photos"


def of(numbers: Numbers, *photos: tuple[str, int]) -> Library:
    """A library of photos by path and content."""
    return numbers(np.zeros((len(photos), 2)), [(path, content) for path, content in photos])


def told(found: list[Containment]) -> list[tuple[str, str, int, int, int]]:
    return [
        (str(each.folder), str(each.within), each.alike, each.photos, each.only_here)
        for each in found
    ]


def many(folder: str, contents: range) -> list[tuple[str, int]]:
    return [(f"{folder}/{number}.jpg", number) for number in contents]


def test_a_backup_is_in_the_library_but_for_what_is_only_there(numbers: Numbers) -> None:
    library = of(
        numbers,
        *many("/d/backup/a", range(50)),
        *many("/d/backup/b", range(50, 100)),
        *many("/d/photos/2018", range(40)),
        *many("/d/photos/2019", range(40, 97)),
        *many("/d/photos/2020", range(200, 300)),
    )
    found = find_containments(library, [], [Path("/d")])
    assert told(found) == [("/d/backup", "/d/photos", 97, 100, 3)]
    assert (found[0].others, found[0].back, found[0].exact) == (197, 97, 97)


def test_the_narrowest_folder_that_holds_as_much_is_told(numbers: Numbers) -> None:
    library = of(
        numbers,
        *many("/d/card/DCIM", range(10)),
        *many("/d/photos/2019/may", range(10)),
        *many("/d/photos/2018", range(20, 80)),
    )
    assert told(find_containments(library, [], [Path("/d")])) == [
        ("/d/card", "/d/photos/2019/may", 10, 10, 0)
    ]


def test_what_lies_in_a_folder_that_is_told_is_told_only_if_more_of_it_is_there(
    numbers: Numbers,
) -> None:
    library = of(
        numbers,
        *many("/d/backup/a", range(10)),
        *many("/d/backup/b", range(20, 24)),
        *many("/d/backup/b", range(30, 36)),
        *many("/e/photos", range(30)),
    )
    assert told(find_containments(library, [], [Path("/d"), Path("/e")])) == [
        ("/d/backup/a", "/e/photos", 10, 10, 0),
        ("/d", "/e/photos", 14, 20, 6),
    ]


def test_where_several_folders_hold_it_together_that_is_said(numbers: Numbers) -> None:
    library = of(
        numbers,
        *many("/d/backup", range(30)),
        *many("/d/2018", range(10)),
        *many("/d/2019", range(10, 20)),
        *many("/d/2020", range(20, 28)),
    )
    assert told(find_containments(library, [], [Path("/d")])) == [("/d/backup", "None", 28, 30, 2)]


def test_of_two_that_hold_each_other_the_one_that_is_contained_more_is_told(
    numbers: Numbers,
) -> None:
    library = of(numbers, *many("/d/a", range(10)), *many("/d/b", range(12)))
    assert told(find_containments(library, [], [Path("/d")])) == [("/d/a", "/d/b", 10, 10, 0)]
    library = of(numbers, *many("/d/b", range(10)), *many("/d/a", range(10)))
    assert told(find_containments(library, [], [Path("/d")])) == [("/d/a", "/d/b", 10, 10, 0)]


def test_copies_within_a_folder_are_no_other_folder(numbers: Numbers) -> None:
    library = of(numbers, *many("/d/a/x", range(10)), *many("/d/b", range(20, 30)))
    twice = of(numbers, *many("/d/a/x", range(10)), ("/d/a/x/again.jpg", 3), ("/d/b/1.jpg", 99))
    assert find_containments(library, [], [Path("/d")]) == []
    assert find_containments(twice, [], [Path("/d")]) == []


def test_a_share_that_is_too_small_or_no_share_is_not_told(numbers: Numbers) -> None:
    library = of(numbers, *many("/d/a", range(10)), *many("/d/b", range(6, 40)))
    assert find_containments(library, [], [Path("/d")]) == []
    assert len(find_containments(library, [], [Path("/d")], least=0.4)) == 1
    for least in (0.0, -1.0, 1.1, float("nan")):
        with pytest.raises(ValueError, match="a share is"):
            find_containments(library, [], [Path("/d")], least=least)


def test_by_look_edits_count_and_exactly_they_do_not(samples: Library) -> None:
    groups = find_groups(samples, verdicts=verify(samples), relation=Relation.SAME_PICTURE)
    found = find_containments(samples, groups, [SAMPLES], least=0.01)
    chat = next(each for each in found if each.folder == SAMPLES / "chat")
    assert chat.alike > chat.exact
    for each in found:
        assert each.exact <= each.alike <= each.photos
        assert each.only_here <= each.photos - each.alike


# --- against counting every pair of folders by hand

_PARTS = st.sampled_from("ab")
_NAMES = st.tuples(st.lists(_PARTS, min_size=1, max_size=3), st.integers(0, 6))


@patient
@given(st.lists(_NAMES, min_size=1, max_size=14), st.floats(0.05, 1))
def test_what_is_told_is_what_counting_every_photo_says(
    numbers: Numbers, names: list[tuple[list[str], int]], least: float
) -> None:
    photos = [
        (f"/d/{'/'.join(parts)}/{place:02}.jpg", content)
        for place, (parts, content) in enumerate(names)
    ]
    library = of(numbers, *photos)
    found = find_containments(library, [], [Path("/d")], least=least)

    def below(folder: Path | None, path: str) -> bool:
        return folder in PurePosixPath(path).parents

    for each in found:
        assert each.photos >= 2
        mine = [content for path, content in photos if below(each.folder, path)]
        around = [content for path, content in photos if not below(each.folder, path)]
        assert each.photos == len(mine)
        assert each.only_here == sum(content not in around for content in mine)
        if each.within is None:
            assert each.alike == each.photos - each.only_here
        else:
            assert not each.within.is_relative_to(each.folder)
            assert not each.folder.is_relative_to(each.within)
            there = [content for path, content in photos if below(each.within, path)]
            assert each.alike == each.exact == sum(content in there for content in mine)
            assert (each.others, each.back) == (len(there), sum(c in mine for c in there))
        assert each.alike >= least * each.photos
    pairs = [(each.folder, each.within) for each in found]
    assert len(pairs) == len(set(pairs))
    assert not {(within, folder) for folder, within in pairs} & set(pairs)
    shuffled = of(numbers, *photos[::-1])
    assert find_containments(shuffled, [], [Path("/d")], least=least) == found
