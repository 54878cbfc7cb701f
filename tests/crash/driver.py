"""Kills an action or its undo before and after every change it makes, and looks what is left.

A program of its own: it forks for each point, which pytest with its threads must not.
Usage: driver.py FOLDER ACTION FILESYSTEM [STRIDE]; prints one JSON object. It kills at every
change; errors it raises only at each STRIDE-th of them (4), to be done in a test suite's time.

The faults are put around the os calls of the modules that change files and the commits of the
journal from here; the product knows nothing of them.
"""

import errno
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import filelock  # noqa: F401 - not once in each fork

sys.path.insert(0, str(Path(__file__).parents[1]))
from trees import Content, Link, contents, make_files, photo, read_tree

from dedupe.errors import DedupeError
from dedupe.organize import copying, files, relinking, renaming, trying
from dedupe.organize.apply import apply
from dedupe.organize.journal import Journal
from dedupe.organize.place import TEMP_PREFIX, Place
from dedupe.organize.plan import Plan, make_plan
from dedupe.organize.pointing import with_links
from dedupe.organize.protected import NOTHING
from dedupe.organize.recheck import recheck
from dedupe.organize.recover import cut_off, recover
from dedupe.organize.saved import read_plan, save_plan
from dedupe.organize.undo import history, undo
from dedupe.photos.photo import Photo

PHOTOS: dict[str, Content] = {
    "in/a/IMG.jpg": b"the first one",
    "in/b/IMG.jpg": b"another one that has the same name",
    "in/b/c/\udcff\n.jpg": b"odd",
    "in/d.png": b"x" * 3000,
}
# of two of the photos, for "along" alone
COMPANIONS: dict[str, Content] = {
    "in/a/IMG.jpg.xmp": b"what was done to the first one",
    "in/d.xmp": b"x" * 200,
    "in/d.png.pp3": b"more of it",
}
TREE: dict[str, Content] = {
    **PHOTOS,
    "in/to a": Link("a/IMG.jpg"),
    "in/mine/d": Link("../d.png"),
    "out/001 d/foreign.txt": b"somebody's",
}
CHANGES = (
    "mkdir rmdir symlink link unlink replace rename write sendfile fsync fchown fchmod setxattr"
    " utime chmod"
).split()


@dataclass(frozen=True)
class Pair:
    """All of a Group that planning asks for, without numpy: it would be 2/3 of each fork."""

    photos: tuple[Photo, ...]
    is_verified = False


class Faults:
    """Counts changes; at the one with the number `at` it strikes.

    Args:
        at: counted from 1; 0 never strikes.
        kind: "before" or "after" kills there, a number raises OSError with that errno.
        filesystem: "native"; "xdev" (out/ is another drive), "link" (no exclusive rename),
            "reserve" (no hard links either), "xdev-reserve".
    """

    def __init__(self, at: int, kind: str, filesystem: str) -> None:
        self.at, self.kind, self.filesystem = at, kind, filesystem
        self.count = 0

    def install(self) -> None:
        proxy = type(os)("os")
        proxy.__dict__.update(os.__dict__)
        for name in CHANGES:
            setattr(proxy, name, self.around(getattr(os, name)))
        proxy.open = self.around(os.open, only=lambda path, flags, *rest: flags & os.O_CREAT)
        # what a drive cannot do is asked before the change is counted
        for name in ["link", "replace", "rename"]:
            setattr(proxy, name, self.on_drive(name, getattr(proxy, name)))
        proxy.supports_fd = {proxy.utime} if os.utime in os.supports_fd else set()
        proxy.supports_follow_symlinks = {proxy.utime}
        for module in (files, renaming, copying, relinking, trying, shutil):
            module.os = proxy  # type: ignore[attr-defined]
        native, swap = renaming.exclusive_rename(), renaming.exchanging_rename()
        assert native is not None
        assert swap is not None
        rename = self.on_drive("exclusive", self.around(native))
        renaming.exclusive_rename = trying.exclusive_rename = lambda: rename  # type: ignore
        exchange = self.on_drive("exclusive", self.around(swap))
        renaming.exchanging_rename = lambda: exchange  # type: ignore[assignment]
        Journal.mark = self.around(Journal.mark)  # type: ignore[method-assign]
        Journal.found = self.around(Journal.found)  # type: ignore[method-assign]

    def on_drive(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def asked(old: Any, new: Any, **options: Any) -> Any:
            was = whole_path(old, options.get("src_dir_fd"))
            becomes = whole_path(new, options.get("dst_dir_fd"))
            if "xdev" in self.filesystem and ("/out/" in was) != ("/out/" in becomes):
                raise OSError(errno.EXDEV, "other drive", becomes)
            if name == "exclusive" and ("link" in self.filesystem or "reserve" in self.filesystem):
                raise OSError(errno.EINVAL, "unknown flag", becomes)
            if name == "link" and "reserve" in self.filesystem:
                raise OSError(errno.EPERM, "no hard links", becomes)
            return call(old, new, **options)

        return asked

    def around(
        self, call: Callable[..., Any], only: Callable[..., Any] = lambda *arguments: True
    ) -> Callable[..., Any]:
        def struck(*arguments: Any, **options: Any) -> Any:
            if not only(*arguments):
                return call(*arguments, **options)
            self.count += 1
            if self.count != self.at:
                return call(*arguments, **options)
            if self.kind == "after":
                with suppress(OSError):  # a taken name is refused, and then the kill strikes
                    call(*arguments, **options)
            elif self.kind == "before" and call.__name__ == "write":
                os.write(arguments[0], bytes(arguments[1])[: len(arguments[1]) // 2])
            elif self.kind == "before" and call.__name__ == "sendfile":
                os.sendfile(*arguments[:3], 5)
            elif self.kind.isdigit():
                if call.__name__ in (
                    "mark",
                    "found",
                ):  # SQLite has its own tests for a failing disk
                    return call(*arguments, **options)
                raise OSError(int(self.kind), os.strerror(int(self.kind)))
            return os.kill(os.getpid(), signal.SIGKILL)

        struck.__name__ = getattr(call, "__name__", "call")
        return struck


def whole_path(name: Place | Path | str, folder: int | None) -> str:
    """The path of a name in an open folder."""
    if isinstance(name, Place):
        return str(name.path)
    return str(name) if folder is None else str(Path(f"/proc/self/fd/{folder}").readlink() / name)


class Case:
    """One tree, in which one action is done and taken back."""

    def __init__(self, folder: Path, action: str) -> None:
        self.folder, self.action = folder, action
        self.precious = {**PHOTOS, **(COMPANIONS if action == "along" else {})}
        self.tree, self.journal = folder / "tree", folder / "state" / "journal.db"

    def prepare(self) -> None:
        """A fresh tree; for "relink" with the links of an earlier run in it."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        make_files(self.tree, {**TREE, **self.precious})
        if self.action == "relink":
            pair = Pair((photo(self.tree / "in/a/IMG.jpg"), photo(self.tree / "in/d.png")))
            into = self.tree / "out/new"
            plan = make_plan([pair], keep=["largest"], action="symlink", into=into)
            apply(plan, journal=self.journal)

    @property
    def verb(self) -> str:
        """What is done: "saved", "astray", "along", "linked" are moves, "relink" makes links."""
        own = {"relink": "symlink", "saved": "move", "astray": "move", "along": "move"}
        own["linked"] = "move"
        return own.get(self.action, self.action)

    def plan(self) -> Plan:
        saved = self.folder / "plan.json"
        if saved.exists():
            return recheck(read_plan(saved), self.ours())
        pairs = list(PHOTOS)[:2], list(PHOTOS)[2:]
        groups = [Pair(tuple(self.photos[name] for name in pair)) for pair in pairs]
        place = {"into": self.tree / "out/new", "ours": self.ours()}
        plan = make_plan(groups, keep=["largest"], action=self.verb, **place)
        if self.action != "linked":
            return plan
        links = [self.tree / name for name, value in TREE.items() if isinstance(value, Link)]
        return with_links(plan, links, NOTHING)

    def ours(self) -> dict[Path, str]:
        if not self.journal.exists():
            return {}
        with Journal(self.journal) as book:
            return book.links_under(self.tree / "out/new")

    def scan(self) -> None:
        """Photos as they were before anything was done, as an index would have them."""
        self.photos = {name: photo(self.tree / name) for name in PHOTOS}
        if self.action == "saved":
            save_plan(self.plan(), self.folder / "plan.json")

    def apply(self) -> None:
        apply(self.plan(), journal=self.journal)

    def meddle(self) -> None:
        """What a person does before undo: each moved photo gets a name of its own."""
        if self.action == "astray":
            for number, path in enumerate(sorted((self.tree / "out/new").rglob("*.*"))):
                path.rename(path.with_name(f"mine {number}"))

    def undo(self) -> None:
        undo(journal=self.journal)

    def undo_all(self) -> None:
        if self.action == "saved":  # applied once more, it is a second action
            for record in reversed(history(self.journal)):
                undo(journal=self.journal, action=record.id)
            undo(journal=self.journal)  # a kill in the probe leaves no action to take back
        else:
            undo(journal=self.journal, action=2 if self.action == "relink" else 1)

    def recover(self) -> None:
        recover(journal=self.journal)
        assert not cut_off(self.journal)
        assert not recover(journal=self.journal)

    def back(self) -> None:
        recover(journal=self.journal, back=True)
        assert not recover(journal=self.journal, back=True)

    def naive(self) -> None:
        """The control: what most tools do."""
        (self.tree / "out/new").mkdir()
        for number, name in enumerate(PHOTOS):
            shutil.move(self.tree / name, self.tree / "out/new" / f"{number}.jpg")


def lost(case: Case) -> list[str]:
    """Files that are no longer whole under any final name, and foreign ones that changed."""
    tree, precious = case.tree, case.precious
    whole = [value for name, value in contents(tree).items() if TEMP_PREFIX not in name]
    missing = [f"LOST {name}" for name, content in precious.items() if content not in whole]
    if contents(tree).get("out/001 d/foreign.txt") != b"somebody's":
        missing.append("REPLACED foreign.txt")
    known = [*precious.values(), b"somebody's", b""]
    partial = [value for value in whole if isinstance(value, bytes) and value not in known]
    return missing + [f"PARTIAL {value[:20]!r}" for value in partial]


def in_child(work: Callable[[], None], faults: Faults | None = None) -> int:
    """Run in a fork; 0 if it ended, 137 if it was killed, 3 with a DedupeError, 1 if it broke."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            if faults is not None:
                faults.install()
            work()
            code = 2 if faults is not None and 0 < faults.at <= faults.count else 0
        except DedupeError:
            code = 3
        except OSError as error:
            code = 4
            sys.stderr.write(repr(error))
        finally:
            sys.stderr.flush()
            os._exit(code)
    status = os.waitpid(child, 0)[1]
    return 137 if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def points(
    case: Case, phase: str, kind: str, filesystem: str, stride: int = 1
) -> Iterator[tuple[int, dict[str, object]]]:
    """Strike at every change of a phase, one fresh tree each; the state before is handed out."""
    at = 1
    while True:
        case.prepare()
        before = read_tree(case.tree)
        case.scan()
        if phase == "undo":
            assert in_child(case.apply, Faults(0, "", filesystem)) == 0
            case.meddle()
        code = in_child(getattr(case, phase), Faults(at, kind, filesystem))
        if code == 0:
            return
        if code not in (137, 2, 3):
            raise SystemExit(f"{phase} broke at change {at} ({kind}, {filesystem}): {code}")
        yield at, before
        at += stride


def check(case: Case, filesystem: str, stride: int) -> dict[str, Any]:
    """All faults at all points of apply and undo."""
    found: list[str] = []
    counts: dict[str, int] = {}
    clean = Faults(0, "", filesystem)
    case.prepare()
    case.scan()
    in_child(case.apply, clean)
    finished = read_tree(case.tree, times=False)
    killed, errors = ["before", "after"], [str(errno.ENOSPC), str(errno.EACCES)]
    for phase in ["apply", "undo"]:
        for kind in killed + errors:
            every = 1 if kind in killed else stride
            for at, before in points(case, phase, kind, filesystem, every):
                counts[f"{phase} {kind}"] = counts.get(f"{phase} {kind}", 0) + 1
                where = f"{phase} {kind} {at}"
                if any(name.endswith("-old") for name in contents(case.tree)):
                    counts["set aside"] = counts.get("set aside", 0) + 1
                found += [f"{where}: {what}" for what in lost(case)]
                if kind in killed:
                    found += goes_on(case, phase, at, finished, before)
                in_child(case.undo_all)
                after = read_tree(case.tree)
                if after != before:
                    different = {
                        name: (before.get(name), after.get(name))
                        for name in before.keys() | after.keys()
                        if before.get(name) != after.get(name)
                    }
                    found.append(f"{where}: undo left {different}")
    return {"points": counts, "found": found}


def goes_on(
    case: Case, phase: str, at: int, finished: dict[str, object], before: dict[str, object]
) -> list[str]:
    """Recover ends where an undisturbed run ends, up to an action that never began.

    A third of the points is finished, a third taken back, a third left to undo; of a saved
    plan the first third is applied once more instead.
    """
    if at % 3 == 2:
        return []
    back = at % 3 == 1 or phase == "undo"
    again = case.apply if case.action == "saved" and not back else case.recover
    code = in_child(case.back if back else again)
    tree = read_tree(case.tree, times=back)
    if code == 0 and tree == (before if back else finished):
        return []
    with Journal(case.journal) as book:
        begun = [record for record in book.records() if record.state != "undone"]
    never = code == 0 and len(begun) <= (case.action == "relink")
    return [] if never else [f"{phase} {at}: recover did not end ({code})"]


def control(case: Case) -> dict[str, Any]:
    """The same faults on shutil.move, between two drives."""
    found: list[str] = []
    count = 0
    for kind in ["before", "after"]:
        for at, _ in points(case, "naive", kind, "xdev"):
            count += 1
            found += [f"naive {kind} {at}: {what}" for what in lost(case)]
    return {"points": {"naive": count}, "found": found}


if __name__ == "__main__":
    folder, action, filesystem = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    case = Case(folder, action)
    stride = int(sys.argv[4]) if len(sys.argv) > 4 else 4
    result = control(case) if action == "naive" else check(case, filesystem, stride)
    sys.stdout.write(json.dumps(result))
