"""What was and will be done, on disk before it is done: SQLite, one file for all actions."""

import os
import sqlite3
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from dedupe.errors import JournalProblem
from dedupe.names import safe
from dedupe.organize.files import checks
from dedupe.organize.journal import records
from dedupe.organize.journal.mounts import is_below, mounts_of
from dedupe.organize.journal.records import Entry, FolderTimes, Mark, Record
from dedupe.organize.journal.tables import open_tables
from dedupe.photos.photo import PhotoFile
from dedupe.transaction import transaction

if TYPE_CHECKING:
    from dedupe.organize.plans.plan import Plan


class Journal:
    """The journal in one file. Every write is on disk when the call returns.

    Args:
        path: of the file; it and the folders above it are made if they are missing.

    Raises:
        JournalProblem: it is damaged, of a newer version, or something else altogether.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            if not path.parent.is_dir():  # who only plans makes nothing
                path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, isolation_level=None, timeout=10)
            with ExitStack() as unless_opened:
                unless_opened.callback(self._db.close)
                open_tables(self._db, path)
                unless_opened.pop_all()
        except (OSError, sqlite3.Error) as error:
            raise JournalProblem(
                f"the journal {safe(path)} cannot be used: {error}",
                "no photo was touched; move the file aside and earlier actions cannot be undone",
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the journal against every other run.

        Raises:
            JournalProblem: another run holds it, or its lock file cannot be made.
        """
        from filelock import FileLock, Timeout  # 20 ms to import, not needed for reading

        lock = FileLock(f"{self.path}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise JournalProblem(
                f"another run of dedupe is changing files (it holds {safe(lock.lock_file)})",
                "nothing was done; try again when it has ended",
            ) from error
        except OSError as error:
            raise JournalProblem(
                f"the journal cannot be locked: {error}", "nothing was done"
            ) from error
        try:
            yield
        finally:
            lock.release()

    # Writing

    def begin(self, plan: "Plan", folders: Iterable[Path]) -> int:
        """Write a whole plan down, the times of the folders it will change, and its drives.

        Returns:
            The number of the action.

        Raises:
            OSError: a drive has failed; nothing is written down.
        """
        mounts = mounts_of(plan.steps)
        with self._change():
            action = self._db.execute(
                "INSERT INTO actions(token, action, into_path, started, state) VALUES (?,?,?,?,?)",
                (os.urandom(8).hex(), plan.action, os.fsencode(plan.into), time.time(), "running"),
            ).lastrowid
            assert action is not None
            self._db.executemany(
                f"INSERT INTO steps(action, seq, {records.STEP_COLUMNS}, state)"
                " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,'planned')",
                ((action, seq, *records.step_row(step)) for seq, step in enumerate(plan.steps)),
            )
            self._db.executemany(
                "INSERT INTO attributes(action, seq, name, value) VALUES (?,?,?,?)",
                (
                    (action, seq, os.fsencode(name), value)
                    for seq, step in enumerate(plan.steps)
                    for name, value in step.attributes
                ),
            )
            self._db.executemany(
                f"INSERT INTO kept(action, seq, {records.KEPT_COLUMNS}) VALUES (?,?,?,?,?,?,?,?)",
                (
                    (action, seq, *records.kept_row(step.kept))
                    for seq, step in enumerate(plan.steps)
                    if step.kept is not None
                ),
            )
            self._db.executemany(
                "INSERT INTO folders(action, path, mode, atime_ns, mtime_ns) VALUES (?,?,?,?,?)",
                [(action, *row) for row in records.folder_rows(folders)],
            )
            self._db.executemany(
                "INSERT INTO mounts(action, path) VALUES (?,?)",
                [(action, os.fsencode(path)) for path in mounts],
            )
            # a probe that could not give a folder its time back has it noted
            self._db.execute(
                "UPDATE folders SET (mode, atime_ns, mtime_ns) = (SELECT mode, atime_ns, mtime_ns"
                " FROM probes WHERE probes.path = folders.path LIMIT 1)"
                " WHERE action = ? AND path IN (SELECT path FROM probes)",
                (action,),
            )
        return action

    def mark(self, action: int, marks: Sequence[Mark], state: str | None = None) -> None:
        """Write down what became of some steps, and of the action if `state` is given."""
        with self._change():
            for mark in marks:
                self._db.execute(
                    "UPDATE steps SET state = ?, reason = ? WHERE action = ? AND seq = ?",
                    (mark.state, mark.reason, action, mark.seq),
                )
                if mark.made is not None:
                    numbers = (mark.made.mtime_ns, str(mark.made.device), str(mark.made.inode))
                    self._db.execute(
                        "UPDATE steps SET made_mtime_ns = ?, made_device = ?, made_inode = ?"
                        " WHERE action = ? AND seq = ?",
                        (*numbers, action, mark.seq),
                    )
            if state is not None:
                self._db.execute("UPDATE actions SET state = ? WHERE id = ?", (state, action))

    def found(self, action: int, seq: int, photo: PhotoFile) -> None:
        """Write down where a photo is that somebody moved on, before it is taken back."""
        numbers = (photo.mtime_ns, str(photo.device), str(photo.inode))
        with self._change():
            self._db.execute(
                "UPDATE steps SET target = ?, made_mtime_ns = ?, made_device = ?, made_inode = ?"
                " WHERE action = ? AND seq = ?",
                (os.fsencode(photo.path), *numbers, action, seq),
            )

    def finish(self, action: int) -> None:
        """The action is done: note the times that its folders have now."""
        with self._change():
            self._db.execute("UPDATE actions SET state = 'done' WHERE id = ?", (action,))
            for folder in self.folders(action):
                with suppress(OSError):
                    self._db.execute(
                        "UPDATE folders SET after_ns = ? WHERE action = ? AND path = ?",
                        (folder.path.stat().st_mtime_ns, action, os.fsencode(folder.path)),
                    )

    def begin_undo(self, action: int, away: Collection[Path] = ()) -> None:
        """Undo begins: folders that somebody else has changed meanwhile keep their time.

        Args:
            action: its number.
            away: where drives are mounted that are not there; folders there wait.
        """
        with self._change():
            self._db.execute("UPDATE actions SET state = 'undoing' WHERE id = ?", (action,))
            known = self._db.execute(
                "SELECT path, after_ns FROM folders WHERE action = ? AND after_ns IS NOT NULL",
                (action,),
            ).fetchall()
            for path, after_ns in known:
                folder = records.path(path)
                if is_below(folder, away):
                    continue
                query = "UPDATE folders SET after_ns = NULL WHERE action = ? AND path = ?"
                with suppress(OSError):  # one that cannot be looked at will say so later
                    now_ns = folder.stat().st_mtime_ns
                    if now_ns != after_ns and not checks.is_coarse(now_ns, after_ns):
                        query = "DELETE FROM folders WHERE action = ? AND path = ?"
                self._db.execute(query, (action, path))

    def begin_probe(self, name: str, folder: FolderTimes, mount: Path | None) -> None:
        """A folder of this name will be made in `folder` for a moment, and its time changed.

        Args:
            name: of the folder that is made.
            folder: as it was before.
            mount: where its drive is mounted, None for the drive of the system.
        """
        numbers = (folder.mode, folder.atime_ns, folder.mtime_ns)
        with self._change():
            self._db.execute(
                "INSERT INTO probes(name, path, mode, atime_ns, mtime_ns, mount)"
                " VALUES (?,?,?,?,?,?)",
                (name, os.fsencode(folder.path), *numbers, os.fsencode(mount or "")),
            )

    def gives_back(self, folder: FolderTimes) -> bool:
        """Whether an action begun since has noted these times of a folder, to give them back."""
        query = "SELECT 1 FROM folders WHERE path = ? AND atime_ns = ? AND mtime_ns = ?"
        known = (os.fsencode(folder.path), folder.atime_ns, folder.mtime_ns)
        return self._db.execute(query, known).fetchone() is not None

    def end_probe(self, name: str) -> None:
        """It is gone again."""
        with self._change():
            self._db.execute("DELETE FROM probes WHERE name = ?", (name,))

    # Reading

    def probes(self) -> list[tuple[str, FolderTimes, Path | None]]:
        """What a kill may have left of probes: as `begin_probe` got it."""
        rows = self._db.execute(
            "SELECT name, mount, path, mode, atime_ns, mtime_ns FROM probes ORDER BY name"
        ).fetchall()
        return [
            (name, FolderTimes(records.path(path), *rest), records.path(mount) if mount else None)
            for name, mount, path, *rest in rows
        ]

    def mounts(self, action: int) -> list[Path]:
        """Where the drives that an action needs were mounted when it was begun."""
        rows = self._db.execute("SELECT path FROM mounts WHERE action = ?", (action,))
        return [records.path(path) for (path,) in rows]

    def records(self) -> list[Record]:
        """All actions, oldest first."""
        rows = self._db.execute(
            "SELECT id, actions.action, into_path, started, actions.state, token, count(seq),"
            " coalesce(sum(steps.state = 'done'), 0),"
            " coalesce(sum(steps.state IN ('planned', 'intent')), 0),"
            " (SELECT count(*) FROM steps WHERE action = id AND verb = 'relink'),"
            " coalesce(sum(size), 0)"
            " FROM actions LEFT JOIN steps"
            " ON steps.action = actions.id AND verb = actions.action"
            " GROUP BY id ORDER BY id"
        )
        return records.with_unfinished(map(records.record, rows))

    def record(self, action: int) -> Record:
        """One action, by its number."""
        return next(record for record in self.records() if record.id == action)

    def entries(self, action: int) -> list[Entry]:
        """The steps of an action, in the order of the plan."""
        rows = self._db.execute(
            f"SELECT {records.ENTRY_COLUMNS} FROM steps WHERE action = ? ORDER BY seq",
            (action,),
        )
        noted: dict[int, list[tuple[str, bytes]]] = {}
        for seq, name, value in self._db.execute(
            "SELECT seq, name, value FROM attributes WHERE action = ? ORDER BY name", (action,)
        ):
            noted.setdefault(seq, []).append((os.fsdecode(name), value))
        stays = {
            seq: records.kept(kept)
            for seq, *kept in self._db.execute(
                f"SELECT seq, {records.KEPT_COLUMNS} FROM kept WHERE action = ?", (action,)
            )
        }
        return [records.entry(row, tuple(noted.get(row[0], ())), stays.get(row[0])) for row in rows]

    def folders(self, action: int) -> list[FolderTimes]:
        """The folders that an action changes, as they were before."""
        rows = self._db.execute(
            "SELECT path, mode, atime_ns, mtime_ns FROM folders WHERE action = ? ORDER BY path",
            (action,),
        ).fetchall()
        return [FolderTimes(records.path(path), *numbers) for path, *numbers in rows]

    def is_unclear(self, action: int) -> bool:
        """Whether some step was cut off and it cannot be told yet whether it is done."""
        query = "SELECT EXISTS (SELECT 1 FROM steps WHERE action = ? AND state = 'intent')"
        return bool(self._db.execute(query, (action,)).fetchone()[0])

    def in_place(self) -> set[Path]:
        """Where photos and copies are by any action that still stands."""
        rows = self._db.execute(
            "SELECT target FROM steps WHERE state = 'done'"
            " AND verb IN ('move', 'copy', 'move_along', 'copy_along')"
        )
        return {records.path(target) for (target,) in rows}

    def gone_from(self) -> set[Path]:
        """Where photos were that some action which still stands has put into the trash."""
        rows = self._db.execute("SELECT source FROM steps WHERE verb = 'trash' AND state = 'done'")
        return {records.path(source) for (source,) in rows}

    def moved_on_by(self, path: Path) -> int:
        """The number of the last action that has moved a photo away from there; 0 if none has."""
        query = (
            "SELECT max(action) FROM steps WHERE verb IN ('move', 'move_along', 'trash')"
            " AND state = 'done' AND source = ?"
        )
        row = self._db.execute(query, (os.fsencode(path),)).fetchone()
        return int(row[0] or 0)

    def links_under(self, into: Path | str, *, moves: bool = True) -> dict[Path, str]:
        """What dedupe has made below a folder and not taken away again, as far as it knows.

        Args:
            into: the folder; `~` is the home folder, links on the way to it are followed.
            moves: whether links count that show what stays beside photos that were moved.

        Returns:
            For each link its text, for each folder "". The folders of a finished move are left
            out: its photos are the user's again, and another move keeps its groups apart.
        """
        root = os.path.join(os.fsencode(os.path.realpath(Path(into).expanduser())), b"")  # noqa: PTH118
        made: dict[Path, str] = {}
        rows = self._db.execute(
            "SELECT verb, target, link FROM steps JOIN actions ON actions.id = steps.action"
            " WHERE substr(target, 1, ?) = ? AND CASE verb"
            "  WHEN 'symlink' THEN steps.state IN ('done', 'intent')"
            "   AND (actions.action != 'move' OR ?)"
            "  WHEN 'relink' THEN steps.state = 'done'"
            "  WHEN 'mkdir' THEN steps.state IN ('done', 'intent')"
            "   AND (actions.action != 'move' OR actions.state = 'running')"
            "  ELSE verb IN ('unlink', 'rmdir') AND steps.state = 'done' END"
            " ORDER BY steps.action, seq",
            (len(root), root, moves),
        )
        for verb, target, link in rows:
            # a link of ours that leads to a moved photo by now; a link of the user's stays his
            if verb in {"symlink", "mkdir"} or (verb == "relink" and records.path(target) in made):
                made[records.path(target)] = os.fsdecode(link)
            elif verb != "relink":
                made.pop(records.path(target), None)
        return made

    @contextmanager
    def _change(self) -> Iterator[None]:
        """A transaction that tells the user where the journal itself fails."""
        try:
            with transaction(self._db):
                yield
        except sqlite3.Error as error:
            raise JournalProblem(
                f"the journal {safe(self.path)} could not be written: {error}",
                "no file is changed without it; make room on that disk, then `dedupe undo`",
            ) from error

    def _one(self, query: str) -> Any:
        with closing(self._db.execute(query)) as cursor:
            return cursor.fetchone()[0]
