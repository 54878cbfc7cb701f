"""After a crash: what was cut off is finished or taken back, by the journal alone."""

from pathlib import Path

import pytest
from killed import Killed, killed_at_move, killed_in_a_copy
from scene import EXPECTED, plan_for, reasons
from trees import contents, make_files, read_tree

from dedupe.errors import Interrupted
from dedupe.organize.applying.apply import apply
from dedupe.organize.applying.recover import cut_off, recover
from dedupe.organize.applying.undo import history, undo
from dedupe.organize.files import changes
from dedupe.organize.plans.actions import ACTIONS
from dedupe.organize.plans.plan import Plan
from dedupe.progress import Silent


def stopped(plan: Plan, journal: Path, steps: int = 3) -> None:
    asked = iter([False] * steps + [True])
    with pytest.raises(Interrupted):
        apply(plan, journal=journal, stop=lambda: next(asked))


def test_where_nothing_was_cut_off_nothing_is_done(full: Path, journal: Path) -> None:
    assert recover(journal=journal) == []
    assert cut_off(journal) == []
    assert not journal.exists()
    apply(plan_for(full, "move"), journal=journal)
    after = read_tree(full)
    assert recover(journal=journal) == []
    assert read_tree(full) == after


@pytest.mark.parametrize("action", ACTIONS)
def test_what_was_cut_off_can_be_taken_back_instead(full: Path, journal: Path, action: str) -> None:
    before = read_tree(full)
    stopped(plan_for(full, action), journal)
    (receipt,) = recover(journal=journal, back=True)
    assert (receipt.action, receipt.left) == (1, ())
    assert read_tree(full) == before
    assert recover(journal=journal, back=True) == []


@pytest.mark.parametrize("back", [False, True])
def test_an_undo_that_was_cut_off_is_finished_either_way(
    full: Path, journal: Path, back: bool
) -> None:
    before = read_tree(full)
    apply(plan_for(full, "move"), journal=journal)

    class Crash(Silent):
        steps = 0

        def advance(self, count: int = 1) -> None:
            self.steps += count
            if self.steps == 2:
                raise Killed

    with pytest.raises(Killed):
        undo(journal=journal, progress=Crash())
    (found,) = cut_off(journal)
    assert (found.record.state, len(found.ahead), found.takes_away) == ("undoing", 2, False)
    (receipt,) = recover(journal=journal, back=back)
    assert (receipt.done, receipt.left) == (2, ())
    assert read_tree(full) == before
    assert [record.state for record in history(journal)] == ["undone"]
    assert recover(journal=journal) == []


@pytest.mark.parametrize("back", [False, True])
def test_no_unfinished_copy_of_ours_is_left(full: Path, journal: Path, back: bool) -> None:
    before = read_tree(full)
    plan = plan_for(full, "copy")
    with killed_in_a_copy():
        apply(plan, journal=journal)
    assert [name for name in contents(full) if changes.TEMP_PREFIX in name]
    recover(journal=journal, back=back)
    assert not [name for name in contents(full) if changes.TEMP_PREFIX in name]
    assert contents(full) == EXPECTED["copy"] if not back else read_tree(full) == before


def test_what_is_ahead_is_told_before_anything_is_done(full: Path, journal: Path) -> None:
    stopped(plan_for(full, "move"), journal, steps=5)  # three folders, a link, a photo
    after = read_tree(full)
    (found,) = cut_off(journal)
    assert found.takes_away
    assert (found.record.standing, len(found.ahead), found.record.photos) == (1, 3, 4)
    assert read_tree(full) == after


def test_an_action_that_was_begun_again_is_left_at_that(full: Path, journal: Path) -> None:
    stopped(plan_for(full, "symlink"), journal)
    apply(plan_for(full, "symlink", journal), journal=journal)
    assert contents(full) == EXPECTED["symlink"]
    assert [record.unfinished for record in history(journal)] == [False, False]
    assert recover(journal=journal) == []
    undo(journal=journal)
    assert [record.unfinished for record in history(journal)] == [True, False]


def test_what_lies_on_a_drive_that_is_away_is_gone_on_with_when_it_is_back(
    full: Path, journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_files(full, {"drive/x": b"x"})
    before = read_tree(full)
    plan = plan_for(full, "move", into="drive/out")
    real, calls = changes.move, []

    def move(*arguments: object) -> object:
        calls.append(arguments)
        made = real(*arguments)  # type: ignore[arg-type]
        if len(calls) == 2:
            raise Killed  # moved, and the journal does not know it yet
        return made

    with monkeypatch.context() as patch:
        patch.setattr(changes, "move", move)
        with pytest.raises(Killed):
            apply(plan, journal=journal)
    (full / "drive").rename(full / "unplugged")
    (receipt,) = recover(journal=journal)
    assert receipt.action == 0
    assert all("is neither there nor at" in reason for reason in reasons(receipt).values())
    assert [each.record.id for each in cut_off(journal)] == [1]
    (full / "unplugged").rename(full / "drive")
    assert [receipt.done for receipt in recover(journal=journal)] == [2]
    assert cut_off(journal) == []
    undo(journal=journal)
    after = read_tree(full, times=False)
    assert after == {
        name: value if not isinstance(value, tuple) else (*value[:2], 0)
        for name, value in before.items()
    }


def test_a_photo_that_somebody_deleted_meanwhile_does_not_keep_it_cut_off_for_ever(
    full: Path, journal: Path
) -> None:
    with killed_at_move(1):
        apply(plan_for(full, "move"), journal=journal)
    (full / "b/IMG.jpg").unlink()
    (receipt,) = recover(journal=journal)
    assert reasons(receipt) == {"IMG.jpg": "is gone"}
    assert recover(journal=journal) == []
