"""A folder for each set: one photo stays in its place, a link shows it among the others."""

import errno
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from scene import rechecked
from trees import Content, Link, contents, group, make_files, photo, read_tree
from watched import watched

from dedupe.errors import Interrupted
from dedupe.matching.pairs.relations import Relation
from dedupe.matching.sets.made import Member
from dedupe.organize.applying.apply import apply
from dedupe.organize.applying.probe import probe
from dedupe.organize.applying.undo import history, undo
from dedupe.organize.drafting.planning import make_plan
from dedupe.organize.files import changes
from dedupe.organize.files.place import Place, Refused
from dedupe.organize.files.staying import refuse_if_it_stays
from dedupe.organize.files.trying import Abilities
from dedupe.organize.journal.journal import Journal
from dedupe.organize.plans.aside import AsidePlan
from dedupe.organize.protected import Protected
from dedupe.organize.saved.plan_file import read_plan, save_plan
from dedupe.organize.steps import Step

PHOTOS: dict[str, Content] = {
    "p/a.jpg": b"the best of all",
    "p/x/a.jpg": b"not so good",
    "p/y/a.jpg": b"small",
    "p/z.jpg": b"another set",
    "p/x/z.jpg": b"another",
}
SETS = (["p/a.jpg", "p/x/a.jpg", "p/y/a.jpg"], ["p/z.jpg", "p/x/z.jpg"])
MOVED: dict[str, Content] = {
    "p/a.jpg": b"the best of all",
    "p/z.jpg": b"another set",
    "out/001 a/1 a.jpg": Link("../../p/a.jpg"),
    "out/001 a/2 a.jpg": b"not so good",
    "out/001 a/3 a.jpg": b"small",
    "out/002 z/1 z.jpg": Link("../../p/z.jpg"),
    "out/002 z/2 z.jpg": b"another",
}
AFTER = (["p/a.jpg", "out/001 a/2 a.jpg", "out/001 a/3 a.jpg"], ["p/z.jpg", "out/002 z/2 z.jpg"])


def planned(
    tree: Path, *sets: list[str], journal: Path | None = None, protect: tuple[str, ...] = ()
) -> AsidePlan:
    ours = {}
    if journal is not None:
        with Journal(journal) as book:
            ours = book.links_under(tree / "out")
    plan = make_plan(
        [group(*(tree / name for name in each)) for each in sets or SETS],
        keep=["largest"],
        action="move",
        into=tree / "out",
        ours=ours,
        protected=Protected(tree / name for name in protect),
    )
    assert isinstance(plan, AsidePlan)
    return plan


def moves(plan: AsidePlan) -> dict[str, str]:
    top = plan.into.parent
    return {
        os.path.relpath(step.source, top): os.path.relpath(step.target, plan.into)
        for step in plan.photos
    }


def verbs(plan: AsidePlan) -> list[str]:
    return [step.verb for step in plan.steps]


@pytest.fixture
def photos(tree: Path) -> Path:
    make_files(tree, PHOTOS)
    return tree


def test_the_best_of_each_set_stays_and_a_link_shows_it_among_the_others(
    photos: Path, journal: Path
) -> None:
    before = read_tree(photos)
    with watched(photos) as seen:
        plan = planned(photos)
    assert seen == []
    receipt = apply(plan, journal=journal)
    assert (receipt.done, receipt.folders, receipt.left) == (3, 3, ())
    assert contents(photos).items() >= MOVED.items()
    assert (photos / "out/001 a/1 a.jpg").read_bytes() == b"the best of all"
    (record,) = history(journal)
    assert (record.photos, record.standing, record.links) == (3, 3, 0)
    taken = undo(journal=journal)
    assert (taken.done, taken.left) == (3, ())
    assert read_tree(photos) == before


def test_the_plan_says_which_photo_stays_and_why(photos: Path) -> None:
    assert str(planned(photos)).splitlines() == [
        "move 3 photos; one photo of each set stays",
        f"  into 2 folders below {photos}/out",
        "",
        "  001 a/",
        f"    1 a.jpg  ->  {photos}/p/a.jpg",
        "      stays: 15 bytes > 11 bytes",
        f"    2 a.jpg  <-  {photos}/p/x/a.jpg",
        f"    3 a.jpg  <-  {photos}/p/y/a.jpg",
        "",
        "  002 z/",
        f"    1 z.jpg  ->  {photos}/p/z.jpg",
        "      stays: 11 bytes > 7 bytes",
        f"    2 z.jpg  <-  {photos}/p/x/z.jpg",
    ]


# --- again


def test_a_second_run_finds_all_in_place(photos: Path, journal: Path) -> None:
    apply(planned(photos), journal=journal)
    after = read_tree(photos)
    plan = planned(photos, *AFTER, journal=journal)
    assert (plan.steps, plan.standing, plan.refusals) == ((), 3, ())
    assert apply(plan, journal=journal).action == 0
    assert read_tree(photos) == after


def test_a_new_photo_goes_on_in_the_folder_of_its_set_whatever_number_the_set_has_now(
    photos: Path, journal: Path
) -> None:
    apply(planned(photos), journal=journal)
    make_files(photos, {"p/new.jpg": b"new", "p/n1.jpg": b"new set", "p/n2.jpg": b"new"})
    sets = [["p/n1.jpg", "p/n2.jpg"], [*AFTER[0], "p/new.jpg"], AFTER[1]]
    plan = planned(photos, *sets, journal=journal)
    assert moves(plan) == {"p/n2.jpg": "001 n1/2 n2.jpg", "p/new.jpg": "001 a/4 new.jpg"}
    # the link to the one that stays is there already, and stays what it is
    assert verbs(plan) == ["mkdir", "symlink", "move", "move"]
    assert f"    {photos}/p/a.jpg\n      stays: 15 bytes > 3 bytes\n" in str(plan)
    apply(plan, journal=journal)
    assert contents(photos).items() >= MOVED.items()
    undo(journal=journal)
    undo(journal=journal)
    assert contents(photos).items() >= PHOTOS.items()


def test_where_a_new_photo_is_the_one_to_keep_the_link_shows_that_one(
    photos: Path, journal: Path
) -> None:
    apply(planned(photos), journal=journal)
    before = read_tree(photos)
    make_files(photos, {"p/y/best.jpg": b"the very best of all"})
    plan = planned(photos, [*AFTER[0], "p/y/best.jpg"], AFTER[1], journal=journal)
    assert verbs(plan) == ["unlink", "symlink", "move"]
    apply(plan, journal=journal)
    there = {path.name: path.read_bytes() for path in (photos / "out/001 a").iterdir()}
    assert there == {
        "1 best.jpg": b"the very best of all",
        "2 a.jpg": b"not so good",
        "3 a.jpg": b"small",
        "4 a.jpg": b"the best of all",
    }
    undo(journal=journal)
    (photos / "p/y/best.jpg").unlink()
    assert read_tree(photos, times=False) == {
        name: value if not isinstance(value, tuple) else (*value[:2], 0)
        for name, value in before.items()
    }


def test_what_was_put_aside_is_not_what_stays_while_another_one_is_in_place(tree: Path) -> None:
    make_files(tree, {"out/001 a/1 a.jpg": b"the largest", "p/b.jpg": b"larger", "p/c.jpg": b"c"})
    plan = planned(tree, ["out/001 a/1 a.jpg", "p/b.jpg", "p/c.jpg"])
    assert moves(plan) == {"p/c.jpg": "001 a/3 c.jpg"}
    assert [step.target.name for step in plan.placed] == ["1 b.jpg", "3 c.jpg"]
    assert planned(tree, ["out/001 a/1 a.jpg", "p/b.jpg"]).steps == ()


def test_sets_that_were_moved_whole_by_an_older_version_stay_as_they_are(tree: Path) -> None:
    make_files(tree, {"out/001 a/1 a.jpg": b"one", "out/001 a/2 a.jpg": b"two", "p/new.jpg": b"n"})
    moved = ["out/001 a/1 a.jpg", "out/001 a/2 a.jpg"]
    plan = planned(tree, moved)
    assert (plan.steps, plan.standing, plan.refusals) == ((), 2, ())
    # a new one is the one in place, and so it stays
    plan = planned(tree, [*moved, "p/new.jpg"])
    assert (plan.steps, plan.standing, plan.refusals) == ((), 2, ())


def test_what_was_compared_with_a_photo_aside_alone_stays_and_is_shown(tree: Path) -> None:
    make_files(
        tree,
        {"out/001 a/2 a.jpg": b"a", "p/b.jpg": b"bb", "p/c.jpg": b"c", "p/d.jpg": b"bb"},
    )
    found = group(*(photo(path) for path in sorted(tree.rglob("*.jpg"))))
    one = Member(Relation.SAME_PICTURE)
    found = replace(found, kept_place=0, members=(Member(Relation.SAME_FILE), one, one, one))
    plan = make_plan([found], action="move", into=tree / "out", keep=["largest", "path"])
    assert [(step.verb, step.source.name) for step in plan.placed] == [
        *(("symlink", "b.jpg"), ("move", "d.jpg"), ("symlink", "c.jpg"))
    ]
    assert [refusal.reason for refusal in plan.refusals] == [
        f"stays, as it was compared with {tree}/out/001 a/2 a.jpg alone, which is put aside"
    ]


def test_the_links_of_sets_that_a_plan_is_not_about_are_left(photos: Path, journal: Path) -> None:
    apply(planned(photos), journal=journal)
    make_files(photos, {"p/n1.jpg": b"new set", "p/n2.jpg": b"new"})
    assert "unlink" not in verbs(planned(photos, ["p/n1.jpg", "p/n2.jpg"], journal=journal))
    # those of an earlier --symlink, that show nothing else, make room
    pair = group(photos / "p/n1.jpg", photos / "p/n2.jpg")
    apply(make_plan([pair], action="symlink", into=photos / "out/old"), journal=journal)
    plan = planned(photos, ["p/n1.jpg", "p/n2.jpg"], journal=journal)
    assert verbs(plan)[:5] == ["unlink", "unlink", "rmdir", "rmdir", "mkdir"]
    apply(plan, journal=journal)
    assert contents(photos).items() >= MOVED.items()


def test_a_folder_of_links_goes_beside_that_of_photos_that_were_moved(
    photos: Path, journal: Path
) -> None:
    apply(planned(photos), journal=journal)
    after = read_tree(photos)
    with Journal(journal) as book:
        ours = book.links_under(photos / "out", moves=False)
    assert ours == {}
    sets = [group(*(photos / name for name in each)) for each in AFTER]
    plan = make_plan(sets, action="symlink", into=photos / "out", ours=ours)
    apply(plan, journal=journal)
    assert contents(photos).items() >= MOVED.items()
    undo(journal=journal)
    assert read_tree(photos) == after


# --- who stays


def test_every_photo_that_stays_is_shown(photos: Path, journal: Path) -> None:
    plan = planned(photos, protect=("p/x",))
    assert plan.stays == ()  # of both sets it is the one to keep
    plan = planned(photos, ["p/a.jpg", "p/x/a.jpg", "p/x/z.jpg", "p/y/a.jpg"], protect=("p/x",))
    assert [(step.verb, step.target.name) for step in plan.placed] == [
        *(("symlink", "1 a.jpg"), ("symlink", "2 z.jpg")),
        *(("move", "3 a.jpg"), ("move", "4 a.jpg")),
    ]
    assert plan.stays == (photos / "p/x/z.jpg",)
    before = read_tree(photos)
    apply(plan, journal=journal)
    undo(journal=journal)
    assert read_tree(photos) == before


@pytest.mark.parametrize("gone", [True, False])
def test_where_the_one_to_keep_is_gone_or_changed_nothing_of_its_set_goes(
    photos: Path, gone: bool
) -> None:
    groups = [group(*(photos / name for name in each)) for each in SETS]
    best = photos / "p/a.jpg"
    best.unlink() if gone else best.write_bytes(b"edited since then")
    plan = make_plan(groups, action="move", into=photos / "out", keep=["largest"])
    assert [step.target.parent.name for step in plan.photos] == ["002 z"]
    reasons = [refusal.reason for refusal in plan.refusals]
    assert sum(each.startswith(f"stays, as {best}, the one to keep, ") for each in reasons) == 2
    assert {step.target.parent.name for step in plan.placed} == {"002 z"}


def _edit(kept: Path) -> None:
    kept.write_bytes(b"edited since it was planned")


def _save_over(kept: Path) -> None:
    old = kept.stat()
    kept.with_name("new").write_bytes(kept.read_bytes().upper())
    kept.with_name("new").replace(kept)
    os.utime(kept, ns=(old.st_atime_ns, old.st_mtime_ns))


def _carry_off(kept: Path) -> None:
    kept.parent.rename(kept.parent.with_name("elsewhere"))


@pytest.mark.parametrize("meddle", [Path.unlink, _edit, _save_over])
@pytest.mark.parametrize("after", [0, 1])
def test_right_before_each_move_the_one_that_stays_is_looked_at_again(
    photos: Path,
    journal: Path,
    monkeypatch: pytest.MonkeyPatch,
    meddle: Callable[[Path], None],
    after: int,
) -> None:
    """It goes or changes between two moves of its set, after the plan was looked at."""
    plan, real, moved = planned(photos, SETS[0]), changes.make_link, []
    native = changes.move

    def make_link(text: str, path: Path) -> None:
        real(text, path)
        if after == 0:
            meddle(photos / "p/a.jpg")

    def move(*arguments: object) -> object:
        made = native(*arguments)  # type: ignore[arg-type]
        moved.append(arguments)
        if len(moved) == after:
            meddle(photos / "p/a.jpg")
        return made

    monkeypatch.setattr(changes, "make_link", make_link)
    monkeypatch.setattr(changes, "move", move)
    receipt = apply(plan, journal=journal)
    assert receipt.done == after
    assert [refusal.path.name for refusal in receipt.left] == ["a.jpg"] * (2 - after)
    reason = f"stays, as {photos}/p/a.jpg, the one to keep, "
    assert all(refusal.reason.startswith(reason) for refusal in receipt.left)
    assert (photos / "p/y/a.jpg").read_bytes() == b"small"


def test_a_kept_photo_whose_folder_is_another_one_now_lets_nothing_go(
    tree: Path, journal: Path
) -> None:
    make_files(tree, {"k/a.jpg": b"the best", "p/b.jpg": b"b"})
    plan = planned(tree, ["k/a.jpg", "p/b.jpg"])
    _carry_off(tree / "k/a.jpg")
    (tree / "k").symlink_to("elsewhere")
    receipt = apply(plan, journal=journal)
    reasons = {refusal.path.name: refusal.reason for refusal in receipt.left}
    assert reasons["b.jpg"].startswith(f"stays, as {tree}/k/a.jpg, the one to keep, is reached")
    assert (tree / "p/b.jpg").read_bytes() == b"b"


def test_one_file_by_two_names_of_its_folder_stays(tree: Path) -> None:
    """As on a Mac, where `Photos` and `photos` are one folder."""
    make_files(tree, {"a.jpg": b"a", "b.jpg": b"b"})
    step = Step(verb="move", source=tree / "A.jpg", target=tree / "out/A.jpg")
    one = Place.by_path(tree / "a.jpg")
    with pytest.raises(Refused, match="is the very file that stays as"):
        refuse_if_it_stays(step, one, one)
    refuse_if_it_stays(step, one, Place.by_path(tree / "b.jpg"))
    os.link(tree / "a.jpg", tree / "c.jpg")  # of two hard links one may go
    refuse_if_it_stays(step, one, Place.by_path(tree / "c.jpg"))


# --- drives that hold no links


def test_where_the_drive_holds_no_links_the_photos_go_without_them_and_that_is_said(
    photos: Path, journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = dict.fromkeys(Abilities.__dataclass_fields__, True)
    facts |= {"one_case": False, "one_form": False, "links": False}
    facts |= {"no_links": "no", "clock_ns": 1, "impossible": frozenset()}
    able = Abilities(**facts)  # type: ignore[arg-type]
    monkeypatch.setattr("dedupe.organize.applying.probe.try_out", lambda path, names: able)
    with Journal(journal) as book:
        found = probe(planned(photos), book)
    assert found.notes == (
        f"{photos}/out: no symbolic links, so the photos that stay are not shown there",
    )
    assert isinstance(found.plan, AsidePlan)
    assert found.plan.promise == "one photo of each set stays where it is"
    assert verbs(found.plan) == ["mkdir"] * 3 + ["move"] * 3
    before = read_tree(photos)
    assert apply(found.plan, journal=journal, probed=True).left == ()
    left = {name: each for name, each in MOVED.items() if not isinstance(each, Link)}
    assert contents(photos).items() >= left.items()
    assert not any(path.is_symlink() for path in photos.rglob("*"))
    undo(journal=journal)
    assert read_tree(photos) == before


def test_a_link_that_fails_at_the_last_moment_is_named_and_the_photos_go(
    photos: Path, journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = read_tree(photos)

    def symlink(text: str, path: str, *, dir_fd: int | None = None) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    with monkeypatch.context() as patch:
        patch.setattr(changes.os, "symlink", symlink)
        receipt = apply(planned(photos), journal=journal, probed=True)
    assert receipt.done == 3
    assert {refusal.path.name: refusal.reason for refusal in receipt.left} == dict.fromkeys(
        ["a.jpg", "z.jpg"], "could not be linked: operation not permitted"
    )
    undo(journal=journal)
    assert read_tree(photos) == before


# --- saved


def test_no_folder_is_made_for_a_link_alone(photos: Path, tmp_path: Path) -> None:
    save_plan(planned(photos), tmp_path / "plan.json")
    lines = (tmp_path / "plan.json").read_text().splitlines(keepends=True)
    text = "".join(line for line in lines if "p/x/z.jpg" not in line)
    cut = text.replace('"folder": "002 z"},\n', '"folder": "002 z"}\n')
    (tmp_path / "plan.json").write_text(cut)
    plan = rechecked(read_plan(tmp_path / "plan.json"), {})
    assert {step.target.parent.name for step in plan.placed} == {"001 a"}
    assert {step.target.name for step in plan.steps if step.verb == "mkdir"} == {"out", "001 a"}
    assert plan.refusals == ()


def test_a_plan_that_was_stopped_before_its_last_link_makes_it_when_applied_again(
    photos: Path, journal: Path, tmp_path: Path
) -> None:
    plan = planned(photos, SETS[0])
    turned = replace(plan, steps=(*plan.steps[:2], *plan.steps[3:], plan.steps[2]))
    save_plan(turned, tmp_path / "plan.json")
    asked = iter([False] * 4 + [True])
    with pytest.raises(Interrupted):
        apply(turned, journal=journal, stop=lambda: next(asked))
    with Journal(journal) as book:
        again = rechecked(read_plan(tmp_path / "plan.json"), book.links_under(photos / "out"))
    assert [step.verb for step in again.steps] == ["symlink"]
    assert (again.standing, again.refusals) == (2, ())
    apply(again, journal=journal)
    assert (photos / "out/001 a/1 a.jpg").read_bytes() == b"the best of all"
