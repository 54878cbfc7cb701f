"""What has photos on both sides of a folder: a choice of sets, never other sets."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trees import imagined

from dedupe.errors import UsageError
from dedupe.index.library import Library
from dedupe.matching.sets.clusters import Cluster, find_clusters
from dedupe.matching.sets.groups import find_groups
from dedupe.matching.sets.sides import known_folders, on_both_sides

Numbers = Callable[..., Library]

# names that begin like others, are no text, or hold others; sets of them
PARTS = st.sampled_from(["a", "ab", "a b", "A", ".a", os.fsdecode(b"\xff"), "ä"])
PATHS = st.lists(PARTS, min_size=1, max_size=4).map(lambda parts: Path("/", *parts))
SETS = st.lists(
    st.lists(PATHS, min_size=2, max_size=4).map(
        lambda paths: Cluster(tuple(imagined(os.fspath(path)) for path in paths), "")
    ),
    max_size=6,
)
FOLDERS = st.lists(PATHS, min_size=1, max_size=3)


def is_below(path: Path, folders: list[Path]) -> bool:
    """By the parts of the path: another way than the one that is tested."""
    return any(folder in (path, *path.parents) for folder in folders)


@given(SETS, FOLDERS)
def test_what_is_shown_has_a_photo_on_either_side_and_what_is_left_out_has_not(
    sets: list[Cluster], folders: list[Path]
) -> None:
    shown = on_both_sides(sets, folders)
    for each in sets:
        sides = {is_below(photo.path, folders) for photo in each.photos}
        assert (sides == {True, False}) == any(each is one for one in shown)


@given(SETS, FOLDERS)
def test_sets_are_chosen_and_never_changed_nor_put_in_another_order(
    sets: list[Cluster], folders: list[Path]
) -> None:
    shown = on_both_sides(sets, folders)
    places = [next(n for n, each in enumerate(sets) if each is one) for one in shown]
    assert places == sorted(set(places))


@given(SETS, FOLDERS)
def test_a_choice_is_the_same_whatever_the_order_of_folders_and_made_twice(
    sets: list[Cluster], folders: list[Path]
) -> None:
    shown = on_both_sides(sets, folders)
    assert on_both_sides(sets, [*reversed(folders), folders[0]]) == shown
    assert on_both_sides(shown, folders) == shown
    assert on_both_sides(sets, [Path("/")]) == []
    assert on_both_sides(sets, []) == sets


def test_every_photo_is_in_the_same_set_with_and_without(samples: Library) -> None:
    everything = find_groups(samples)
    for folder in {photo.path.parent for photo in samples.photos}:
        shown = on_both_sides(everything, [folder])
        for group in shown:
            assert group in everything
            assert {is_below(photo.path, [folder]) for photo in group.photos} == {True, False}
        left = [group for group in everything if group not in shown]
        assert all(len({is_below(p.path, [folder]) for p in each.photos}) == 1 for each in left)


def test_clusters_are_chosen_likewise(samples: Library) -> None:
    kinds = find_clusters(samples, [])
    chosen = 0
    for folder in {photo.path.parent for photo in samples.photos}:
        shown = on_both_sides(kinds, [folder])
        assert all(each in kinds for each in shown)
        chosen += 0 < len(shown) < len(kinds)
    assert chosen


def test_a_photo_of_several_names_is_on_the_side_of_each() -> None:
    two = imagined("/in/a.jpg", hard_links=(Path("/out/b.jpg"),))
    inside = Cluster((two, imagined("/in/c.jpg")), "")
    outside = Cluster((two, imagined("/out/c.jpg")), "")
    assert on_both_sides([inside, outside], [Path("/in")]) == [inside, outside]


def test_a_folder_whose_name_begins_another_is_not_that_other() -> None:
    alike = Cluster((imagined("/p/photos/a.jpg"), imagined("/p/photos 2/a.jpg")), "")
    assert on_both_sides([alike], [Path("/p/photos")]) == [alike]
    assert on_both_sides([alike], [Path("/p/photo")]) == []


def test_a_folder_may_be_named_in_every_way_that_leads_to_it(
    samples: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = next(photo.path.parent for photo in samples.photos if photo.path.parent.name == "chat")
    (tmp_path / "link").symlink_to(folder)
    monkeypatch.chdir(folder.parent)
    monkeypatch.setenv("HOME", str(folder.parent))
    ways: list[Path | str] = [
        "chat",
        "./chat/",
        "chat/../chat",
        f"{folder}//",
        "~/chat",
        tmp_path / "link",
    ]
    for way in ways:
        assert known_folders(samples, [way]) == (folder,), way
    assert known_folders(samples, ways) == (folder,)
    monkeypatch.chdir(folder)
    assert known_folders(samples, ["."]) == (folder,)


def test_a_photo_by_itself_may_be_a_side(samples: Library) -> None:
    group = find_groups(samples)[0]
    one = group.photos[0].path
    assert on_both_sides([group], known_folders(samples, [one])) == [group]


def test_a_folder_without_a_known_photo_is_refused_with_the_command_that_scans_it(
    numbers: Numbers,
) -> None:
    library = numbers([[0], [0]], ["/p/a.jpg", "/p/b.jpg"])
    with pytest.raises(UsageError, match="no photo below /p/c is known") as refused:
        known_folders(library, ["/p", "/p/c"])
    assert refused.value.hint == "run `dedupe scan /p/c` first"


def test_a_name_that_is_no_text_is_compared_byte_by_byte(numbers: Numbers) -> None:
    odd = os.fsdecode(b"/p/\xff")
    library = numbers([[0], [0]], [f"{odd}/a.jpg", "/p/\ufffd/a.jpg"])
    assert known_folders(library, [odd]) == (Path(odd),)
    (group,) = find_groups(library)
    assert on_both_sides([group], [Path(odd)]) == [group]
    with pytest.raises(UsageError, match=r"no photo below /p/\\xfe is known"):
        known_folders(library, [os.fsdecode(b"/p/\xfe")])
