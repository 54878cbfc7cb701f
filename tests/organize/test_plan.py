import os
from dataclasses import replace
from pathlib import Path

import pytest
from trees import Link, group, make_files, photo, read_tree

from dedupe.errors import UnknownName, UsageError
from dedupe.matching.sets.clusters import Cluster
from dedupe.organize.drafting.planning import make_plan
from dedupe.organize.plans.actions import ACTIONS
from dedupe.organize.plans.plan import Plan


def targets(plan: Plan) -> list[str]:
    return [os.path.relpath(step.target, plan.into) for step in plan.steps if step.is_photo]


@pytest.fixture
def pair(tree: Path) -> Path:
    make_files(tree, {"a/IMG.jpg": b"one", "b/IMG.jpg": b"two!", "out": None})
    return tree


@pytest.mark.parametrize("action", ACTIONS)
def test_planning_changes_nothing(pair: Path, action: str) -> None:
    before = read_tree(pair)
    make_plan([group(pair / "a/IMG.jpg", pair / "b/IMG.jpg")], action=action, into=pair / "out/new")
    assert read_tree(pair) == before


@pytest.mark.parametrize("action", ACTIONS)
def test_each_group_gets_a_numbered_folder_with_its_best_photo_first(
    pair: Path, action: str
) -> None:
    plan = make_plan(
        [group(pair / "a/IMG.jpg", pair / "b/IMG.jpg")], action=action, into=pair / "out"
    )
    assert targets(plan) == ["001 IMG/1 IMG.jpg", "001 IMG/2 IMG.jpg"]
    assert [step.source for step in plan.steps if step.is_photo] == [
        pair / "b/IMG.jpg",  # the larger one
        pair / "a/IMG.jpg",
    ]


@pytest.mark.parametrize("action", ACTIONS)
def test_names_that_others_have_are_stepped_around(pair: Path, action: str) -> None:
    make_files(pair, {"out/001 img": b"a file in the way", "out/001 IMG (2)/mine.txt": b""})
    plan = make_plan(
        [group(pair / "a/IMG.jpg", pair / "b/IMG.jpg")], action=action, into=pair / "out"
    )
    assert targets(plan) == ["001 IMG (3)/1 IMG.jpg", "001 IMG (3)/2 IMG.jpg"]


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("taken", ["1 É.jpg", "1 e\u0301.JPG", "1 \u00e9.jpg"])
def test_a_taken_photo_name_is_one_in_any_case_and_any_unicode_form(
    tree: Path, action: str, taken: str
) -> None:
    folder = tree / "out/001 é"
    make_files(tree, {"a/é.jpg": b"one", "b/x.jpg": b"o", f"out/001 é/{taken}": b"foreign"})
    plan = make_plan(
        [group(tree / "a/é.jpg", tree / "b/x.jpg")],
        action=action,
        into=tree / "out",
        ours={folder: ""},
    )
    assert targets(plan) == ["001 é/1 é (2).jpg", "001 é/2 x.jpg"]


def test_ranks_and_numbers_are_padded_so_that_they_sort(tree: Path) -> None:
    make_files(tree, {f"p/{number}.jpg": b"x" * number for number in range(1, 25)})
    ten = group(*(tree / f"p/{number}.jpg" for number in range(1, 13)))
    rest = [
        group(tree / f"p/{number}.jpg", tree / f"p/{number + 1}.jpg") for number in range(13, 24, 2)
    ]
    names = targets(make_plan([ten, *rest], action="symlink", into=tree / "out"))
    assert names == sorted(names)
    assert names[0] == "001 12/01 12.jpg"


def test_links_are_relative_between_the_real_folders(tree: Path) -> None:
    make_files(
        tree,
        {
            "drive/photos/a.jpg": b"1",
            "drive/photos/b.jpg": b"22",
            "other/deep/er": None,
            "way in": Link("drive/photos"),
            "way out": Link("other/deep/er"),
        },
    )
    pair = group(tree / "way in/a.jpg", tree / "way in/b.jpg")
    plan = make_plan([pair], action="symlink", into=tree / "way out/new")
    assert plan.into == tree / "other/deep/er/new"
    assert [step.link for step in plan.steps if step.is_photo] == [
        "../../../../../drive/photos/b.jpg",
        "../../../../../drive/photos/a.jpg",
    ]


@pytest.mark.parametrize("action", ACTIONS)
def test_photos_that_changed_or_went_are_refused_with_a_reason(tree: Path, action: str) -> None:
    names = ["gone", "longer", "touched", "link", "other", "fine", "the largest"]
    make_files(tree, {f"{name}.jpg": name.encode() for name in names})
    together = group(*(tree / f"{name}.jpg" for name in names))
    (tree / "gone.jpg").unlink()
    (tree / "longer.jpg").write_bytes(b"longer than it was")
    os.utime(tree / "touched.jpg", ns=(1, 1))
    (tree / "link.jpg").unlink()
    (tree / "link.jpg").symlink_to("fine.jpg")
    other = (tree / "other.jpg").stat()
    (tree / "new").write_bytes(b"OTHER")
    (tree / "new").rename(tree / "other.jpg")
    os.utime(tree / "other.jpg", ns=(other.st_atime_ns, other.st_mtime_ns))

    plan = make_plan([together], action=action, into=tree / "out")
    assert {refusal.path.stem: refusal.reason for refusal in plan.refusals} == {
        "gone": "is gone",
        "longer": "changed since: it had 6 bytes, it has 18",
        "touched": "changed since: its time is another one",
        "link": "has been replaced by a link",
        "other": "has been replaced by another file",
    }
    assert {step.source.stem for step in plan.placed} == {"fine", "the largest"}


def test_new_inode_numbers_alone_are_no_change_as_shares_and_new_mounts_hand_them_out(
    pair: Path,
) -> None:
    one, two = photo(pair / "a/IMG.jpg"), photo(pair / "b/IMG.jpg")
    moved = replace(one, file=replace(one.file, device=one.file.device + 1, inode=42))
    assert make_plan([group(moved, two)], action="move", into=pair / "out").refusals == ()


@pytest.mark.parametrize("action", ACTIONS)
def test_the_only_photo_left_of_a_group_is_left_alone(pair: Path, action: str) -> None:
    together = group(pair / "a/IMG.jpg", pair / "b/IMG.jpg")
    (pair / "b/IMG.jpg").unlink()
    plan = make_plan([together], action=action, into=pair / "out")
    assert plan.steps == ()
    assert [refusal.reason for refusal in plan.refusals] == [
        "is gone",
        "is the only one left of its group",
    ]


def test_a_photo_of_two_groups_moves_once(tree: Path) -> None:
    make_files(tree, {name: name.encode() for name in ["a.jpg", "b.jpg", "c.jpg", "d.jpg"]})
    groups = [
        group(tree / "a.jpg", tree / "c.jpg"),
        group(tree / "b.jpg", tree / "c.jpg", tree / "d.jpg"),
    ]
    plan = make_plan(groups, action="move", into=tree / "out")
    assert [step.source.name for step in plan.photos] == ["c.jpg", "d.jpg"]
    assert [refusal.reason for refusal in plan.refusals] == ["belongs to an earlier group already"]


def test_what_an_earlier_group_has_moved_is_not_what_stays_of_another_one(tree: Path) -> None:
    make_files(tree, {name: name.encode() for name in ["a.jpg", "b.jpg", "c.jpg", "d.jpg"]})
    groups = [
        group(tree / "a.jpg", tree / "b.jpg"),
        group(tree / "b.jpg", tree / "c.jpg", tree / "d.jpg"),
    ]
    plan = make_plan(groups, action="move", into=tree / "out")
    assert [step.source.name for step in plan.photos] == ["b.jpg"]
    reason = f"stays, as {tree}/b.jpg, the one to keep, belongs to an earlier group already"
    assert [refusal.reason for refusal in plan.refusals][1:] == [reason, reason]


@pytest.mark.parametrize("into", ["a/IMG.jpg", "a/IMG.jpg/below"])
def test_a_file_cannot_be_the_folder(pair: Path, into: str) -> None:
    with pytest.raises(UsageError, match="is a file, not a folder"):
        make_plan([], action="move", into=pair / into)


def test_unknown_actions_and_rules_are_refused(pair: Path) -> None:
    with pytest.raises(UnknownName, match="no action called 'delete'"):
        make_plan([], action="delete", into=pair / "out")
    with pytest.raises(UnknownName, match="no keep rule called 'best'"):
        make_plan([], action="move", keep=["best"], into=pair / "out")


def test_a_printed_plan_shows_every_photo_and_nothing_that_a_terminal_obeys(tree: Path) -> None:
    make_files(tree, {"a\x1b[2J.jpg": b"1", "b\n.jpg": b"22", os.fsdecode(b"c\xff.jpg"): b"333"})
    three = group(*tree.iterdir())
    text = str(make_plan([three], action="symlink", into=tree / "out"))
    assert text.startswith("symlink 3 photos into 1 folder below ")
    assert "\x1b" not in text
    assert "1 c\\xff.jpg  <-  " in text
    assert "a\\x1b[2J.jpg" in text
    assert len(text.splitlines()) == 6
    text.encode()


@pytest.mark.parametrize("action", ACTIONS)
def test_every_action_says_what_it_did(action: str) -> None:
    assert ACTIONS[action].done


# --- clusters


@pytest.fixture
def kinds(tree: Path) -> list[Cluster]:
    """Two clusters of the same name, in one of them two photos of the same name."""
    make_files(tree, {f"{name}.jpg": name.encode() for name in ("a", "b", "c", "p/c", "d")})
    a, b, c, other, d = (photo(tree / f"{name}.jpg") for name in ("a", "b", "c", "p/c", "d"))
    name = "2019-08-03, Sicily / <south>"
    return [Cluster((c, a, other), name), Cluster((b, d), name)]


def test_each_cluster_gets_a_folder_of_links_named_after_it_behind_those_of_the_groups(
    pair: Path, kinds: list[Cluster]
) -> None:
    groups = [group(pair / "a/IMG.jpg", pair / "b/IMG.jpg")]
    plan = make_plan(groups, action="symlink", into=pair / "out", clusters=kinds)
    assert targets(plan) == [
        *("001 IMG/1 IMG.jpg", "001 IMG/2 IMG.jpg"),
        *(f"kind 2019-08-03, Sicily south/{name}.jpg" for name in ("c", "a", "c (2)")),
        *(f"kind 2019-08-03, Sicily south (2)/{name}.jpg" for name in ("b", "d")),
    ]
    assert {step.verb for step in plan.steps} == {"mkdir", "symlink"}
    assert make_plan([], action="symlink", into=pair / "out", clusters=kinds).refusals == ()


def test_a_photo_of_a_cluster_that_changed_is_refused_and_so_is_one_that_is_left_alone(
    tree: Path, kinds: list[Cluster]
) -> None:
    (tree / "b.jpg").unlink()
    (tree / "c.jpg").write_bytes(b"longer than it was")
    plan = make_plan([], action="symlink", into=tree / "out", clusters=kinds)
    assert targets(plan) == [f"kind 2019-08-03, Sicily south/{name}.jpg" for name in ("a", "c")]
    assert {refusal.path.name for refusal in plan.refusals} == {"b.jpg", "c.jpg", "d.jpg"}


@pytest.mark.parametrize("action", sorted(set(ACTIONS) - {"symlink"}))
def test_the_photos_of_clusters_are_only_ever_linked(
    tree: Path, kinds: list[Cluster], action: str
) -> None:
    with pytest.raises(UsageError, match="only alike, and are never moved or copied"):
        make_plan([], action=action, into=tree / "out", clusters=kinds)
