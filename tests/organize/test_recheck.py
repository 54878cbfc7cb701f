"""A saved plan is looked at again before it is applied: what changed since is left alone."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from scene import DONE, EXPECTED, ODD, TREE, plan_for, reasons, rechecked
from trees import Link, contents, group, imagined, make_files, read_tree

from dedupe.errors import Interrupted, PlanRefused, UsageError
from dedupe.organize.applying.apply import apply
from dedupe.organize.applying.undo import undo
from dedupe.organize.drafting.planning import make_plan
from dedupe.organize.journal.journal import Journal
from dedupe.organize.plans.actions import ACTIONS
from dedupe.organize.plans.plan import ALONE, Plan
from dedupe.organize.saved.plan_file import read_plan, save_plan

Saved = Callable[[str], Path]


@pytest.fixture
def saved(full: Path, tmp_path: Path) -> Saved:
    """Plans the tree and saves the plan."""

    def save(action: str) -> Path:
        save_plan(plan_for(full, action), tmp_path / "plan.json")
        return tmp_path / "plan.json"

    return save


def again(file: Path, journal: Path) -> Plan:
    plan = read_plan(file)
    with Journal(journal) as book:
        return rechecked(plan, book.links_under(plan.into))


def refused(plan: Plan) -> dict[str, str]:
    return {refusal.path.name: refusal.reason for refusal in plan.refusals}


@pytest.mark.parametrize("action", ACTIONS)
def test_a_saved_plan_does_what_the_plan_does_and_undo_takes_it_back(
    full: Path, journal: Path, saved: Saved, action: str
) -> None:
    before = read_tree(full)
    file = saved(action)
    assert again(file, journal) == plan_for(full, action)
    receipt = apply(again(file, journal), journal=journal)
    assert (receipt.done, receipt.left) == (DONE[action], ())
    assert contents(full) == EXPECTED[action]
    undo(journal=journal)
    assert read_tree(full) == before


@pytest.mark.parametrize("action", ACTIONS)
def test_applied_twice_it_finds_everything_in_place(
    full: Path, journal: Path, saved: Saved, action: str
) -> None:
    file = saved(action)
    apply(again(file, journal), journal=journal)
    after = read_tree(full)
    plan = again(file, journal)
    assert (plan.steps, plan.standing, plan.refusals) == ((), DONE[action], ())
    assert read_tree(full) == after


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("steps", range(1, 9))
def test_stopped_anywhere_it_can_be_applied_again(
    full: Path, journal: Path, saved: Saved, action: str, steps: int
) -> None:
    before = read_tree(full)
    file = saved(action)
    asked = iter([False] * steps + [True])
    with pytest.raises(Interrupted):
        apply(again(file, journal), journal=journal, stop=lambda: next(asked))
    receipt = apply(again(file, journal), journal=journal)
    assert receipt.left == ()
    assert contents(full) == EXPECTED[action]
    undo(journal=journal)
    undo(journal=journal)
    assert read_tree(full) == before


def _edit(photo: Path) -> None:
    photo.write_bytes(photo.read_bytes().upper())


def _touch(photo: Path) -> None:
    os.utime(photo, ns=(1, 1))


def _replace(photo: Path) -> None:
    old = photo.stat()
    photo.with_name("new").write_bytes(photo.read_bytes().upper())
    photo.with_name("new").rename(photo)
    os.utime(photo, ns=(old.st_atime_ns, old.st_mtime_ns))


def _remove(photo: Path) -> None:
    photo.unlink()


def _link(photo: Path) -> None:
    photo.unlink()
    photo.symlink_to("e.png")


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize(
    ("meddle", "reason"),
    [
        (_edit, "changed since: its time is another one"),
        (_touch, "changed since: its time is another one"),
        (_replace, "has been replaced by another file"),
        (_remove, "is gone"),
        (_link, "has been replaced by a link"),
    ],
)
def test_what_changed_since_is_refused_as_a_new_plan_would_and_one_alone_is_no_set_any_more(
    full: Path,
    journal: Path,
    saved: Saved,
    action: str,
    meddle: Callable[[Path], None],
    reason: str,
) -> None:
    file = saved(action)
    for name in ("f.heic", "g.heic"):
        meddle(full / "d" / name)
    touched = contents(full)
    plan = again(file, journal)
    alone = f"stays, as {full}/d/g.heic, the one to keep, {reason}" if action == "move" else ALONE
    assert refused(plan) == {"f.heic": reason, "g.heic": reason, "e.png": alone}
    anew = refused(plan_for_what_was_known(full, file, action))
    assert anew == {**refused(plan), "e.png": ALONE}
    receipt = apply(plan, journal=journal)
    assert (receipt.done, reasons(receipt)) == (DONE[action] // 2, refused(plan))
    assert {name: contents(full).get(name) for name in touched if name.startswith("d/")} == {
        name: content for name, content in touched.items() if name.startswith("d/")
    }


def plan_for_what_was_known(full: Path, file: Path, action: str) -> Plan:
    """What `make_plan` makes of the photos as they were when the plan was saved."""
    known = [
        replace(imagined(os.fspath(step.source)), file=step.file, content=step.content)
        for step in read_plan(file).placed
    ]
    return make_plan([group(*known[:3]), group(*known[3:])], action=action, into=full / "out")


@pytest.mark.parametrize("action", ACTIONS)
def test_a_step_that_a_person_left_alone_in_its_set_is_done(
    full: Path, journal: Path, saved: Saved, action: str
) -> None:
    file = saved(action)
    lines = file.read_text().splitlines(keepends=True)
    (kept,) = [line for line in lines if "f.heic" in line and "source" in line]
    cut = [line for line in lines if "e.png" in line or ("g.heic" in line and "source" in line)]
    text = "".join(line for line in lines if line not in cut)
    file.write_text(text.replace(kept, kept.rstrip(",\n") + "\n"))
    plan = again(file, journal)
    assert (len(plan.photos), plan.refusals) == (DONE[action] - len(cut) + (action == "move"), ())
    apply(plan, journal=journal)
    assert set(contents(full)) == {
        *(name for name in EXPECTED[action] if not name.endswith(("3 e.png", "1 g.heic"))),
        *("d/e.png", "d/g.heic"),
    }


@pytest.mark.parametrize("action", ACTIONS)
def test_a_name_or_folder_that_somebody_took_meanwhile_stays_his(
    full: Path, journal: Path, saved: Saved, action: str
) -> None:
    file = saved(action)
    (full / "out/002 g").mkdir(parents=True)
    (full / "out/002 g/2 f.heic").write_bytes(b"his")
    (full / "out/001 -rf [2J").write_bytes(b"a file")
    before = read_tree(full)
    plan = again(file, journal)
    assert plan.steps == ()
    assert len(plan.refusals) == DONE[action]
    kept = {ODD, "g.heic"} if action != "move" else set()
    assert {"IMG.jpg", "f.heic", "e.png"} | kept == set(refused(plan))
    assert "is no folder" in refused(plan)["IMG.jpg"]
    apply(plan, journal=journal)
    assert read_tree(full) == before


def test_nothing_goes_through_a_link_that_took_the_place_of_a_folder(
    full: Path, journal: Path, saved: Saved
) -> None:
    file = saved("move")
    (full / "elsewhere").mkdir()
    (full / "out").mkdir()
    (full / "out/001 -rf [2J").symlink_to("../elsewhere")
    plan = again(file, journal)
    assert {step.target.parent.name for step in plan.photos} == {"002 g"}
    reasons = refused(plan)
    assert reasons.pop(ODD) == "is reached another way by now: the link would not lead to it"
    assert [reason[-13:] for reason in reasons.values()] == [" is no folder"]
    (full / "out").rename(full / "was out")
    (full / "out").symlink_to("elsewhere")
    with pytest.raises(PlanRefused, match="is somewhere else by now"):
        again(file, journal)
    (full / "out").unlink()
    (full / "out").write_bytes(b"")
    with pytest.raises(UsageError, match="is a file, not a folder"):
        again(file, journal)


def test_a_link_that_would_no_longer_lead_to_its_photo_is_not_made(
    full: Path, journal: Path, saved: Saved
) -> None:
    file = saved("symlink")
    (full / "d").rename(full / "drive")
    (full / "d").symlink_to("drive")
    assert set(refused(again(file, journal)).values()) == {
        "is reached another way by now: the link would not lead to it"
    }


def test_only_links_that_the_journal_knows_as_ours_are_tidied_away(
    full: Path, journal: Path, tmp_path: Path
) -> None:
    apply(plan_for(full, "symlink"), journal=journal)
    plan = plan_for(full, "move", journal)
    assert [step.verb for step in plan.steps].count("unlink") == 4
    save_plan(plan, tmp_path / "plan.json")
    mine = full / "out/002 g/2 f.heic"
    mine.unlink()
    mine.symlink_to("../../d/notes.txt")
    stranger = rechecked(read_plan(tmp_path / "plan.json"), {})
    assert "unlink" not in [step.verb for step in stranger.steps]
    assert set(refused(stranger).values()) >= {"is nothing that dedupe made"}
    apply(again(tmp_path / "plan.json", journal), journal=journal)
    assert contents(full)["out/002 g/2 f.heic"] == Link("../../d/notes.txt")
    assert contents(full)["d/f.heic"] == TREE["d/f.heic"]


def test_a_drive_that_is_not_plugged_in_is_not_made_as_a_folder(
    full: Path, journal: Path, tmp_path: Path
) -> None:
    (full / "drive").mkdir()
    save_plan(plan_for(full, "copy", into="drive/out"), tmp_path / "plan.json")
    (full / "drive").rename(full / "unplugged")
    with pytest.raises(PlanRefused, match="drive was there when the plan was made") as refused:
        again(tmp_path / "plan.json", journal)
    assert "is its drive connected?" in refused.value.hint
    (full / "unplugged").rename(full / "drive")
    assert len(again(tmp_path / "plan.json", journal).photos) == 6


def test_a_protected_folder_that_is_gone_stops_the_whole_plan(
    full: Path, journal: Path, tmp_path: Path
) -> None:
    make_files(full, {"safe/x.jpg": b"x"})
    plan = replace(plan_for(full, "move"), protected=(full / "safe",))
    save_plan(plan, tmp_path / "plan.json")
    assert len(again(tmp_path / "plan.json", journal).photos) == 4
    (full / "safe").rename(full / "unplugged")
    with pytest.raises(UsageError, match="safe is not there"):
        again(tmp_path / "plan.json", journal)


def test_a_folder_that_became_another_name_of_a_protected_one_is_not_emptied(
    full: Path, journal: Path, tmp_path: Path
) -> None:
    make_files(full, {"safe": None})
    plan = replace(plan_for(full, "move"), protected=(full / "safe",))
    save_plan(plan, tmp_path / "plan.json")
    (full / "d").rename(full / "safe/d")
    (full / "d").symlink_to("safe/d")
    plan = again(tmp_path / "plan.json", journal)
    assert {name for name, why in refused(plan).items() if why == "is in a protected folder"} == {
        "e.png",
        "f.heic",
    }
