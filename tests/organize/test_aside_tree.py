"""Along a tree: one photo of each set stays in its place, the others keep their folders."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PureWindowsPath

import pytest
from beside import WHEN, jpeg, raw, xmp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_trees import TREES
from test_along import shot
from test_properties import made, own_links, photos_in
from trees import Content, Link, contents, group, make_files, photo, read_tree
from watched import watched

from dedupe.errors import PlanRefused, UsageError
from dedupe.matching.pairs.relations import Relation
from dedupe.matching.sets.groups import Group
from dedupe.matching.sets.made import Member
from dedupe.organize.applying.apply import apply
from dedupe.organize.applying.probe import probe
from dedupe.organize.applying.undo import undo
from dedupe.organize.drafting.planning import make_plan
from dedupe.organize.drafting.pointing import with_links
from dedupe.organize.files.trying import Abilities
from dedupe.organize.journal.journal import Journal
from dedupe.organize.plans.aside import AsidePlan
from dedupe.organize.plans.plan import ALONE
from dedupe.organize.plans.tree import common_folder, parts_below
from dedupe.organize.protected import NOTHING, Protected
from dedupe.organize.saved.aside_recheck import recheck_aside
from dedupe.organize.saved.plan_file import read_plan, save_plan

PHOTOS: dict[str, Content] = {
    "p/2019/Sicily/IMG_1.jpg": b"the largest of them",
    "p/2019/Sicily/IMG_1 (1).jpg": b"smaller",
    "p/backup/IMG_1.jpg": b"small",
    "p/2020/b.jpg": b"another set",
    "p/b.jpg": b"another",
}
SETS = (
    ["p/2019/Sicily/IMG_1.jpg", "p/2019/Sicily/IMG_1 (1).jpg", "p/backup/IMG_1.jpg"],
    ["p/2020/b.jpg", "p/b.jpg"],
)
ASIDE = {
    "p/2019/Sicily/IMG_1.jpg": b"the largest of them",
    "aside/2019/Sicily/IMG_1 (1).jpg": b"smaller",
    "aside/backup/IMG_1.jpg": b"small",
    "p/2020/b.jpg": b"another set",
    "aside/b.jpg": b"another",
    "p/backup": None,
}


def plan_tree(
    groups: Sequence[Group],
    *,
    into: Path,
    root: Path,
    keep: Sequence[str] = ("largest",),
    protected: Protected = NOTHING,
) -> AsidePlan:
    plan = make_plan(groups, action="move", keep=keep, into=into, tree=root, protected=protected)
    assert isinstance(plan, AsidePlan)
    return plan


def planned(
    tree: Path, *sets: list[str], protect: tuple[str, ...] = (), root: str = "p"
) -> AsidePlan:
    groups = [group(*(shot(tree / name) for name in each)) for each in sets or SETS]
    protected = Protected(tree / name for name in protect)
    return plan_tree(
        groups, into=tree / "aside", root=tree / root, keep=["largest"], protected=protected
    )


def moves(plan: AsidePlan) -> dict[str, str]:
    top = plan.root.parent
    return {
        os.path.relpath(step.source, top): os.path.relpath(step.target, plan.into)
        for step in plan.placed
    }


def refused(plan: AsidePlan) -> dict[str, str]:
    return {refusal.path.name: refusal.reason for refusal in plan.refusals}


def files(tree: Path) -> dict[str, Content]:
    return {name: content for name, content in contents(tree).items() if content is not None}


@pytest.fixture
def photos(tree: Path) -> Path:
    make_files(tree, PHOTOS)
    return tree


def test_the_best_stays_and_the_others_keep_their_folders_and_names(
    photos: Path, journal: Path
) -> None:
    before = read_tree(photos)
    with watched(photos) as changes:
        plan = planned(photos)
    assert changes == []
    receipt = apply(plan, journal=journal)
    assert (receipt.done, receipt.left) == (3, ())
    assert files(photos) == {name: each for name, each in ASIDE.items() if each is not None}
    undo(journal=journal)
    assert read_tree(photos) == before


def test_the_plan_says_which_photo_stays_and_why_and_shows_the_folders(photos: Path) -> None:
    assert str(planned(photos)).splitlines() == [
        "move 3 photos; one photo of each set stays",
        f"  from {photos}/p",
        f"  to the same folders below {photos}/aside",
        "",
        "  2019/Sicily/IMG_1.jpg  stays: 19 bytes > 7 bytes",
        "    2019/Sicily/IMG_1 (1).jpg",
        "    backup/IMG_1.jpg",
        "",
        "  2020/b.jpg  stays: 11 bytes > 7 bytes",
        "    b.jpg",
        "",
        f"folders below {photos}/aside",
        "  1 photo",
        "  2019/",
        "    Sicily/  1 photo",
        "  backup/  1 photo",
    ]


def test_a_second_run_goes_on_in_the_same_tree_and_nests_nothing(
    photos: Path, journal: Path
) -> None:
    apply(planned(photos), journal=journal)
    make_files(photos, {"p/2019/Sicily/new.jpg": b"new"})
    again = [
        "p/2019/Sicily/IMG_1.jpg",
        "p/2019/Sicily/new.jpg",
        *("aside/2019/Sicily/IMG_1 (1).jpg", "aside/backup/IMG_1.jpg"),
    ]
    plan = planned(photos, again, ["p/2020/b.jpg", "aside/b.jpg"])
    assert moves(plan) == {"p/2019/Sicily/new.jpg": "2019/Sicily/new.jpg"}
    assert (plan.standing, plan.refusals) == (3, ())
    apply(plan, journal=journal)
    again[1] = "aside/2019/Sicily/new.jpg"
    plan = planned(photos, again)
    assert (plan.steps, plan.standing, plan.refusals) == ((), 3, ())


def test_what_was_put_aside_is_not_what_stays_while_another_one_is_in_place(tree: Path) -> None:
    make_files(tree, {"aside/a.jpg": b"the largest", "p/b.jpg": b"larger", "p/c.jpg": b"small"})
    plan = planned(tree, ["aside/a.jpg", "p/b.jpg", "p/c.jpg"])
    assert moves(plan) == {"p/c.jpg": "c.jpg"}
    assert plan.photos[0].kept is not None
    assert plan.photos[0].kept.file.path == tree / "p/b.jpg"
    assert moves(planned(tree, ["aside/a.jpg", "p/b.jpg"])) == {}


def test_what_was_compared_with_a_photo_aside_alone_stays(tree: Path) -> None:
    make_files(tree, {"aside/a.jpg": b"a", "p/b.jpg": b"bb", "p/c.jpg": b"c", "p/d.jpg": b"bb"})
    found = group(*(photo(path) for path in sorted(tree.rglob("*.jpg"))))
    one = Member(Relation.SAME_PICTURE)
    found = replace(found, kept_place=0, members=(Member(Relation.SAME_FILE), one, one, one))
    assert found.is_verified
    plan = plan_tree([found], into=tree / "aside", root=tree / "p", keep=["largest", "path"])
    assert moves(plan) == {"p/d.jpg": "d.jpg"}
    assert refused(plan) == {
        "c.jpg": f"stays, as it was compared with {tree}/aside/a.jpg alone, which is put aside"
    }


@pytest.mark.parametrize("gone", [True, False])
def test_where_the_one_to_keep_is_gone_or_changed_nothing_of_its_set_goes(
    photos: Path, gone: bool
) -> None:
    groups = [group(*(photos / name for name in each)) for each in SETS]
    best = photos / SETS[0][0]
    best.unlink() if gone else best.write_bytes(b"edited since then")
    plan = plan_tree(groups, into=photos / "aside", root=photos / "p", keep=["largest"])
    assert moves(plan) == {"p/b.jpg": "b.jpg"}
    reasons = [refusal.reason for refusal in plan.refusals]
    assert len(reasons) == 3
    assert sum(each.startswith(f"stays, as {best}, the one to keep, ") for each in reasons) == 2


def test_a_set_of_which_one_photo_is_left_has_nothing_to_move(photos: Path) -> None:
    groups = [group(*(photos / name for name in SETS[1]))]
    (photos / "p/b.jpg").unlink()
    plan = plan_tree(groups, into=photos / "aside", root=photos / "p", keep=["largest"])
    assert plan.steps == ()
    assert plan.refusals[-1].path == photos / "p/2020/b.jpg"
    assert plan.refusals[-1].reason == ALONE


def test_right_before_each_move_the_one_that_stays_is_looked_at_again(
    photos: Path, journal: Path
) -> None:
    plan = planned(photos)
    (photos / SETS[0][0]).unlink()
    (photos / SETS[1][0]).write_bytes(b"edited")
    receipt = apply(plan, journal=journal)
    assert receipt.done == 0
    assert [refusal.path.name for refusal in receipt.left] == [
        *("IMG_1 (1).jpg", "IMG_1.jpg", "b.jpg")
    ]
    assert all("the one to keep, " in refusal.reason for refusal in receipt.left)
    assert (photos / "p/b.jpg").exists()
    assert (photos / "p/backup/IMG_1.jpg").exists()


def test_protected_photos_stay_and_are_told(photos: Path) -> None:
    plan = planned(photos, protect=("p/2019",))
    assert moves(plan) == {"p/backup/IMG_1.jpg": "backup/IMG_1.jpg", "p/b.jpg": "b.jpg"}
    assert plan.stays == (photos / "p/2019/Sicily/IMG_1 (1).jpg",)
    assert "left where they are, protected: 1 photo" in str(plan)
    plan = planned(photos, protect=("p/backup",))
    assert {step.kept.file.path for step in plan.photos if step.kept} == {
        *(photos / "p/backup/IMG_1.jpg", photos / "p/2020/b.jpg")
    }


def test_names_and_folders_that_somebody_has_are_stepped_around(
    photos: Path, journal: Path
) -> None:
    theirs: dict[str, Content] = {
        "aside/b.JPG": b"somebody's",
        "aside/backup": b"a file",
        "aside/2019/sicily/x": b"a folder",
    }
    make_files(photos, theirs)
    plan = planned(photos)
    assert sorted(moves(plan).values()) == [
        *("2019/sicily/IMG_1 (1).jpg", "b (2).jpg", "backup (2)/IMG_1.jpg")
    ]
    assert "    b.jpg  ->  b (2).jpg\n" in str(plan)
    assert apply(plan, journal=journal).left == ()
    assert files(photos).items() >= theirs.items()


def test_no_folder_is_entered_through_a_link(photos: Path, journal: Path) -> None:
    make_files(photos, {"elsewhere": None, "aside/backup": Link("../elsewhere")})
    assert moves(planned(photos))["p/backup/IMG_1.jpg"] == "backup (2)/IMG_1.jpg"


def test_two_folders_that_differ_in_case_alone_are_one(tree: Path, journal: Path) -> None:
    make_files(tree, {"p/A/x.jpg": b"larger", "p/A/i.jpg": b"one", "p/a/i.jpg": b"two"})
    plan = planned(tree, ["p/A/x.jpg", "p/A/i.jpg", "p/a/i.jpg"])
    assert sorted(moves(plan).values()) == ["A/i (2).jpg", "A/i.jpg"]
    assert apply(plan, journal=journal).left == ()


def test_the_photos_must_not_be_in_the_folder_for_them(photos: Path) -> None:
    groups = [group(*(photos / name for name in SETS[1]))]
    for into in (photos / "p", photos):
        with pytest.raises(UsageError, match=r"the photos are in .* themselves"):
            plan_tree(groups, into=into, root=photos / "p")
    with pytest.raises(UsageError, match="a tree is for photos that are moved"):
        make_plan(groups, action="copy", into=photos / "aside", tree=photos)


# --- what it is relative to


def test_the_tree_is_relative_to_what_all_folders_are_below(tree: Path) -> None:
    make_files(tree, {"p/a/x.jpg": b"x", "p/b": None, "p/aside": None, "link": Link("p/b")})
    a, b, aside = (tree / "p" / name for name in ("a", "b", "aside"))
    assert common_folder([a, b], aside) == tree / "p"
    assert common_folder([a, tree / "link"], aside) == tree / "p"
    assert common_folder([a / "x.jpg"], aside) == a
    assert common_folder([a, aside, aside / "more"], aside) == a
    assert common_folder([aside], aside) == aside
    assert common_folder([Path("/bin"), a], aside) == Path("/")


def test_a_folder_elsewhere_keeps_its_whole_path_and_the_letter_of_its_drive() -> None:
    root = PureWindowsPath("C:/photos")
    assert parts_below(root, PureWindowsPath("c:/Photos/2019")) == ("2019",)
    assert parts_below(root, PureWindowsPath("D:/2019/a")) == ("D", "2019", "a")
    assert parts_below(root, PureWindowsPath("//nas/pics/a")) == ("nas pics", "a")
    assert parts_below(Path("/p"), Path("/q/a")) == ("q", "a")


# --- what belongs to a photo


@pytest.fixture
def shots(tree: Path) -> Path:
    """Two backups of a RAW with its JPEG and a sidecar of both."""
    make_files(
        tree,
        {
            f"p/{where}/I.{name}": content + (b"" if "XMP" in name else more)
            for where, more in (("a", b"larger"), ("b", b""))
            for name, content in (("JPG", jpeg()), ("DNG", raw()), ("xmp", xmp(WHEN)))
        },
    )
    return tree


def test_a_raw_its_jpeg_and_their_sidecar_go_together(shots: Path, journal: Path) -> None:
    before = read_tree(shots)
    plan = planned(shots, ["p/a/I.DNG", "p/b/I.DNG"], ["p/a/I.JPG", "p/b/I.JPG"])
    assert set(moves(plan)) == {"p/b/I.DNG", "p/b/I.JPG", "p/b/I.xmp"}
    assert set(moves(plan).values()) == {"b/I.DNG", "b/I.JPG", "b/I.xmp"}
    kept = {step.source.name: step.kept.file.path.name for step in plan.placed if step.kept}
    assert kept == {"I.DNG": "I.DNG", "I.JPG": "I.JPG"}
    assert "      + b/I.xmp\n" in str(plan)
    apply(plan, journal=journal)
    undo(journal=journal)
    assert read_tree(shots) == before


def test_a_raw_stays_where_its_jpeg_is_the_one_to_keep(shots: Path) -> None:
    (shots / "p/b/I.JPG").write_bytes(jpeg() + b"the largest")
    plan = planned(shots, ["p/a/I.DNG", "p/b/I.DNG"], ["p/a/I.JPG", "p/b/I.JPG"])
    assert plan.steps == ()
    assert refused(plan)["I.DNG"] == f"stays, as {shots}/p/b/I.JPG, of the same shot, does"


# --- saved


@pytest.fixture
def saved(photos: Path, tmp_path: Path) -> Path:
    save_plan(planned(photos), tmp_path / "plan.json")
    return tmp_path / "plan.json"


def test_a_saved_plan_is_the_plan_and_can_be_applied_twice(
    photos: Path, saved: Path, journal: Path
) -> None:
    plan = planned(photos)
    found = read_plan(saved)
    assert found == plan
    assert isinstance(found, AsidePlan)
    assert recheck_aside(found, {}) == plan
    apply(recheck_aside(found, {}), journal=journal)
    again = recheck_aside(found, {})
    assert (again.steps, again.standing, again.refusals) == ((), 3, ())


def test_a_saved_plan_of_shots_knows_what_each_photo_goes_for(shots: Path, tmp_path: Path) -> None:
    plan = planned(shots, ["p/a/I.DNG", "p/b/I.DNG"], ["p/a/I.JPG", "p/b/I.JPG"])
    save_plan(plan, tmp_path / "plan.json")
    found = read_plan(tmp_path / "plan.json")
    assert found == plan
    (shots / "p/a/I.JPG").unlink()
    assert isinstance(found, AsidePlan)
    again = recheck_aside(found, {})
    assert {step.source.name for step in again.placed} == {"I.DNG"} | {
        step.source.name for step in again.along
    }
    assert "I.JPG" not in {step.source.name for step in again.placed}


def test_on_apply_the_kept_photo_must_still_be_there_and_unchanged(
    photos: Path, saved: Path
) -> None:
    (photos / SETS[0][0]).write_bytes(b"edited since")
    found = read_plan(saved)
    assert isinstance(found, AsidePlan)
    plan = recheck_aside(found, {})
    assert moves(plan) == {"p/b.jpg": "b.jpg"}
    assert {step.target for step in plan.steps if step.verb == "mkdir"} == {photos / "aside"}
    assert all(
        f"stays, as {photos}/{SETS[0][0]}, the one" in each for each in refused(plan).values()
    )


def test_a_saved_plan_goes_into_no_link_and_over_no_name(photos: Path, saved: Path) -> None:
    make_files(photos, {"q": None, "aside/backup": Link("../q"), "aside/b.jpg": b"x"})
    found = read_plan(saved)
    assert isinstance(found, AsidePlan)
    plan = recheck_aside(found, {})
    assert set(moves(plan)) == {"p/2019/Sicily/IMG_1 (1).jpg"}
    assert refused(plan) == {
        "IMG_1.jpg": f"stays, as its new folder {photos}/aside/backup is no folder",
        "b.jpg": f"stays, as its new name {photos}/aside/b.jpg is taken by another file",
    }


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"dedupe_plan": 2', '"dedupe_plan": 3', "has version 3, known is 2"),
        ('"dedupe_plan": 2', '"dedupe_plan": 1', "moves whole sets: now one photo"),
        ('"action": "move"', '"action": "copy"', "version 2, and not an action of that"),
        ('"verb": "move"', '"verb": "symlink"', "has the verb 'symlink'"),
        ('"folder": "backup"', '"folder": "../x"', "leads out of its folder"),
        ('"folder": "backup"', '"folder": "/x"', "leads out of its folder"),
        ('"folder": "backup"', '"folder": "x/../y"', "not in its one form"),
        ("p/b.jpg", "p/2020/b.jpg", "which is to be kept: one of a set stays"),
        ("p/b.jpg", "aside/2020/b.jpg", "which is put aside already"),
        (
            '"path": "{}/p/2020/b.jpg"',
            '"path": "{}/aside/x.jpg"',
            "not in its place, but put aside",
        ),
        ('"kept"', '"keeps"', "kept, is no object"),
    ],
)
def test_a_plan_that_leaves_no_photo_in_place_or_its_folder_is_refused(
    photos: Path, saved: Path, old: str, new: str, words: str
) -> None:
    text = saved.read_text()
    old, new = old.replace("{}", str(photos)), new.replace("{}", str(photos))
    assert old in text
    saved.write_text(text.replace(old, new))
    with pytest.raises(PlanRefused, match="is refused") as found:
        read_plan(saved)
    assert words in str(found.value)


def test_a_folder_that_a_drive_cannot_hold_is_known_beforehand(
    tree: Path, journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_files(tree, {"p/12:30/a.jpg": b"a", "p/b/b.jpg": b"larger", "p/b/c.jpg": b"c"})
    plan = planned(tree, ["p/12:30/a.jpg", "p/b/b.jpg", "p/b/c.jpg"])
    facts = dict.fromkeys(Abilities.__dataclass_fields__, True)
    facts |= {"no_links": "", "clock_ns": 1, "impossible": frozenset({"x:x"})}
    able = Abilities(**facts)  # type: ignore[arg-type]
    monkeypatch.setattr("dedupe.organize.applying.probe.try_out", lambda path, names: able)
    with Journal(journal) as book:
        left = probe(plan, book).plan
    assert {step.source.name for step in left.photos} == {"c.jpg"}
    assert "cannot hold the name" in left.refusals[0].reason
    assert tree / "aside/12:30" not in {step.target for step in left.steps}


# --- whatever the tree


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(tree=TREES, data=st.data())
def test_one_photo_of_every_set_stays_and_undo_is_as_if_nothing_had_been_done(
    tree: dict[str, bytes], data: st.DataObject
) -> None:
    with made(tree) as (top, paths):
        if len(paths) < 2:
            return
        cut = data.draw(st.integers(0, len(paths)))
        shuffled = data.draw(st.permutations(paths))
        parts = [part for part in (shuffled[:cut], shuffled[cut:]) if len(part) >= 2]
        into = top / data.draw(st.sampled_from(["tree/out", "tree/out/new"]))
        links = own_links(top / "tree", paths, data)
        behind = {link: link.read_bytes() for link in links}
        before, bytes_before = read_tree(top / "tree"), photos_in(top / "tree")
        groups = [group(*part) for part in parts]
        plan = with_links(plan_tree(groups, into=into, root=top / "tree"), links, NOTHING)
        save_plan(plan, top / "plan.json")
        found = read_plan(top / "plan.json")
        assert isinstance(found, AsidePlan)
        assert found == plan
        assert recheck_aside(found, {}).steps == plan.steps
        receipt = apply(plan, journal=top / "journal.db")
        assert receipt.left == plan.refusals
        for part in parts:
            there = [path for path in part if into not in path.parents]
            stayed = [path for path in there if path not in {step.source for step in plan.photos}]
            assert len(stayed) == min(1, len(there))
            for path in stayed:
                name = os.path.relpath(path, top / "tree")
                assert read_tree(top / "tree")[name] == before[name]
        for step in plan.photos:
            assert step.target.read_bytes() == tree[os.path.relpath(step.source, top / "tree")]
        assert {link: link.read_bytes() for link in links} == behind
        assert photos_in(top / "tree") == bytes_before
        undo(journal=top / "journal.db")
        assert read_tree(top / "tree") == before
