import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from types import SimpleNamespace

import pytest
from scene import DONE, EXPECTED, ODD, TREE, plan_for, reasons
from trees import contents, group, make_files, read_tree

from dedupe.errors import ActionStopped, Interrupted, JournalProblem, UsageError
from dedupe.organize.applying import free_space
from dedupe.organize.applying.apply import apply
from dedupe.organize.applying.recover import cut_off, recover
from dedupe.organize.applying.undo import history, undo
from dedupe.organize.drafting.planning import make_plan
from dedupe.organize.files import changes
from dedupe.organize.files.place import TEMP_PREFIX, Place
from dedupe.organize.journal import mounts
from dedupe.organize.journal.journal import Journal
from dedupe.organize.plans.actions import ACTIONS
from dedupe.organize.plans.plan import Plan


@pytest.mark.parametrize("action", ACTIONS)
def test_a_stopped_action_says_how_far_it_came_and_can_be_finished_or_undone(
    full: Path, journal: Path, action: str
) -> None:
    before = read_tree(full)
    plan = plan_for(full, action)
    first = [step.verb for step in plan.steps].index(action)
    asked = iter([False] * (first + 1) + [True])
    with pytest.raises(Interrupted, match="1 photo done") as caught:
        apply(plan, journal=journal, stop=lambda: next(asked))
    assert caught.value.exit_code == 130
    assert "dedupe undo" in caught.value.hint
    assert [record.state for record in history(journal)] == ["running"]
    assert [each.record.id for each in cut_off(journal)] == [1]
    assert [receipt.done for receipt in recover(journal=journal)] == [DONE[action] - 1]
    assert contents(full) == EXPECTED[action]
    assert (cut_off(journal), recover(journal=journal)) == ([], [])
    undo(journal=journal)
    assert read_tree(full) == before


@pytest.mark.parametrize("action", ACTIONS)
def test_the_same_command_again_finishes_a_stopped_action(
    full: Path, journal: Path, action: str
) -> None:
    before = read_tree(full)
    plan = plan_for(full, action)
    groups = [
        group(full / "a/IMG.jpg", full / "b/IMG.jpg", full / "b/c" / ODD),
        group(full / "d/e.png", full / "d/f.heic", full / "d/g.heic"),
    ]
    asked = iter([False, False, False, False, True])
    with pytest.raises(Interrupted):
        apply(plan, journal=journal, stop=lambda: next(asked))
    with Journal(journal) as book:
        ours = book.links_under(full / "out")
    apply(make_plan(groups, action=action, into=full / "out", ours=ours), journal=journal)
    assert contents(full) == EXPECTED[action]
    undo(journal=journal)
    undo(journal=journal)
    assert read_tree(full) == before


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal to itself")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_strikes_between_two_files_and_leaves_the_handlers_as_they_were(
    full: Path, journal: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: int
) -> None:
    handlers = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    real = changes.move

    def move(*arguments: object) -> object:
        os.kill(os.getpid(), number)
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(changes, "move", move)
    with pytest.raises(Interrupted, match="1 photo done") as caught:
        apply(plan_for(full, "move"), journal=journal)
    assert caught.value.exit_code == code
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == handlers
    monkeypatch.undo()
    undo(journal=journal)
    assert contents(full) == TREE


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EDQUOT])
def test_a_full_or_broken_disk_stops_the_action_and_names_the_file(
    full: Path, journal: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    before = read_tree(full)
    plan = plan_for(full, "copy")
    calls = []

    def fsync(fd: int) -> None:
        calls.append(fd)
        if len(calls) >= 3:
            raise OSError(number, os.strerror(number))

    monkeypatch.setattr(changes.os, "fsync", fsync)
    with pytest.raises(ActionStopped, match=r"stopped at .*/b/IMG.jpg: .*1 photo done"):
        apply(plan, journal=journal)
    monkeypatch.undo()
    assert not [name for name in contents(full) if TEMP_PREFIX in name]
    undo(journal=journal)
    assert read_tree(full) == before


@pytest.mark.parametrize("where", ["its times", "its drive"])
def test_a_drive_that_dies_before_the_first_step_is_said_to_have_failed(
    full: Path, journal: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    before, plan, real = read_tree(full), plan_for(full, "move"), Journal.begin

    def dead(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO), str(full / "."))

    def begin(book: Journal, plan: Plan, folders: Iterable[Path]) -> int:
        with monkeypatch.context() as patch:
            if where == "its times":
                patch.setattr(Path, "stat", dead)
            else:
                patch.setattr(mounts, "_device_of", dead)
            return real(book, plan, folders)

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "begin", begin)
        with pytest.raises(ActionStopped, match=r"stopped before the first photo: ") as caught:
            apply(plan, journal=journal)
    assert f"({full})" in str(caught.value)
    assert "no photo was touched" in caught.value.hint
    assert history(journal) == []
    assert read_tree(full) == before
    assert apply(plan, journal=journal).done == 4


@pytest.mark.parametrize("drives", ["one", "two"])
@pytest.mark.parametrize("action", ACTIONS)
def test_what_does_not_fit_is_refused_before_the_first_step(
    full: Path, journal: Path, monkeypatch: pytest.MonkeyPatch, action: str, drives: str
) -> None:
    before = read_tree(full)
    needed = {"copy": 20_480, "move": 12_288}.get(action, 0)  # blocks of 4096; e.png is empty
    monkeypatch.setattr(
        free_space.shutil, "disk_usage", lambda path: SimpleNamespace(free=needed - 1)
    )
    if drives == "two":
        monkeypatch.setattr(free_space, "_drive_of", lambda photo: -1)
    plan = plan_for(full, action)
    if action == "copy" or (action, drives) == ("move", "two"):
        with pytest.raises(
            UsageError, match=rf"tree has no room: {needed:,} bytes .* {needed - 1:,} are"
        ):
            apply(plan, journal=journal)
        assert read_tree(full) == before
        assert history(journal) == []
    else:
        assert apply(plan, journal=journal).done == DONE[action]


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM, errno.EROFS])
def test_a_file_that_may_not_be_moved_is_left_and_the_others_go_on(
    full: Path, journal: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    real = changes.rename_to_free_name

    def rename(source: Place, target: Place, remove: Callable[[Place], None]) -> None:
        if source.path.parent.name == "b":
            raise OSError(number, os.strerror(number))
        real(source, target, remove)

    monkeypatch.setattr(changes, "rename_to_free_name", rename)
    receipt = apply(plan_for(full, "move"), journal=journal)
    assert receipt.done == 3
    assert [refusal.path for refusal in receipt.left] == [full / "b/IMG.jpg"]
    assert receipt.left[0].reason.startswith("could not be moved: ")


@pytest.mark.skipif(sys.platform == "win32", reason="read-only folders do not hold files there")
def test_photos_in_a_read_only_folder_stay_for_a_user_and_come_back_for_root(
    full: Path, journal: Path
) -> None:
    (full / "d").chmod(0o555)
    before = read_tree(full)
    receipt = apply(plan_for(full, "move"), journal=journal)
    if os.access(full / "d", os.W_OK):  # root may
        assert receipt.done == 4
    else:
        assert receipt.done == 2
        assert all(reason.startswith("could not be moved") for reason in reasons(receipt).values())
    undo(journal=journal)
    assert read_tree(full) == before
    (full / "d").chmod(0o755)


@pytest.mark.parametrize("number", [errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP])
def test_a_folder_that_cannot_hold_links_is_named_and_left_as_it_was(
    full: Path, journal: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    before = read_tree(full)

    def symlink(text: str, path: str, *, dir_fd: int | None = None) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(changes.os, "symlink", symlink)
    with pytest.raises(UsageError, match=r"out cannot hold symbolic links: ") as caught:
        apply(plan_for(full, "symlink"), journal=journal)
    assert "copy or move" in caught.value.hint
    assert read_tree(full) == before


@pytest.mark.parametrize("action", ACTIONS)
def test_a_second_run_at_the_same_time_is_refused(full: Path, journal: Path, action: str) -> None:
    plan = plan_for(full, action)
    for work in [lambda: apply(plan, journal=journal), lambda: undo(journal=journal)]:
        before = read_tree(full)
        with (
            Journal(journal) as book,
            book.alone(),
            pytest.raises(JournalProblem, match="another run of dedupe"),
        ):
            work()
        assert read_tree(full) == before
        work()
    assert contents(full) == TREE


def test_what_is_on_a_drive_that_is_not_there_is_not_taken_for_undone(
    full: Path, journal: Path
) -> None:
    make_files(full, {"drive/x": b"x"})
    apply(plan_for(full, "copy", into="drive/out"), journal=journal)
    (full / "drive").rename(full / "unplugged")
    with pytest.raises(UsageError, match="drive is not there"):
        undo(journal=journal)
    (full / "unplugged").rename(full / "drive")
    undo(journal=journal)
    assert contents(full) == {**TREE, "drive/x": b"x"}


def test_progress_is_told_of_every_step(full: Path, journal: Path) -> None:
    told: list[object] = []

    class Listener:
        def start(self, what: str, total: int) -> None:
            told.append((what, total))

        def advance(self, count: int = 1) -> None:
            told.append(count)

    apply(plan_for(full, "move"), journal=journal, progress=Listener())
    assert told == [("moving", 9)] + [1] * 9


def test_undo_loads_neither_numpy_nor_torch() -> None:
    code = (
        "import sys, dedupe.organize.applying.undo, dedupe.organize.applying.apply;"
        "import dedupe.organize.files.changes;"
        "sys.exit(bool({'numpy', 'torch', 'PIL'} & set(sys.modules)))"
    )
    started = time.monotonic()
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert time.monotonic() - started < 5
