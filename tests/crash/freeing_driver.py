"""As driver.py, for what trashes photos or replaces them: one photo of a set stays, always whole.

Usage: freeing_driver.py FOLDER ACTION FILESYSTEM [STRIDE]; prints one JSON object. FILESYSTEM is
"native" or "link" (no rename that refuses a taken name, and none that swaps two).
"""

import errno
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))
from driver import Faults, Pair, in_child
from trees import Content, contents, make_files, photo, read_tree

from dedupe.organize import files, renaming, substitutes, trashing
from dedupe.organize.apply import apply
from dedupe.organize.freeing_draft import plan_to_free
from dedupe.organize.journal import Journal
from dedupe.organize.place import TEMP_PREFIX, Place
from dedupe.organize.recover import cut_off, recover
from dedupe.organize.undo import undo

SAME = b"the same bytes in three places"
PHOTOS: dict[str, Content] = {
    "in/a/IMG.jpg": SAME,
    "in/b/IMG.jpg": SAME,
    "in/b/c/\udcff\n.jpg": SAME,
    "in/d.png": b"x" * 3000,
    "in/e.png": b"x" * 3000,
}
TREE: dict[str, Content] = {**PHOTOS, "home/other.txt": b"somebody's", "home/data": None}
REPLACED = ("in/b/IMG.jpg", "in/b/c/\udcff\n.jpg", "in/e.png")
KEPT = ("in/a/IMG.jpg", "in/d.png")


class FreeingFaults(Faults):
    """Strikes at these changes as well."""

    def install(self) -> None:
        native = renaming.exchanging_rename()
        super().install()
        proxy: Any = files.os  # type: ignore[attr-defined]
        proxy.removexattr = self.around(os.removexattr)
        substitutes.os = trashing.os = proxy  # type: ignore[attr-defined]
        substitutes.share_contents = self.around(copy_contents)
        assert native is not None
        swap = self.around(native)

        def exchange(one: Place, other: Place) -> None:
            if self.filesystem != "native":
                raise OSError(errno.EINVAL, "unknown flag")
            swap(one, other)

        renaming.exchanging_rename = lambda: exchange  # type: ignore[assignment]


def copy_contents(source: int, target: int) -> None:
    """What a file system with reflinks does, as far as it can be seen."""
    os.write(target, os.pread(source, 1 << 20, 0))


class Case:
    """One tree, in which one action is done and taken back."""

    def __init__(self, folder: Path, action: str) -> None:
        self.folder, self.action = folder, action
        self.tree, self.journal = folder / "tree", folder / "state" / "journal.db"
        os.environ["XDG_DATA_HOME"] = str(self.tree / "home/data")

    def prepare(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        make_files(self.tree, TREE)
        (self.tree / REPLACED[0]).chmod(0o440)
        for name in (KEPT[0], REPLACED[0]):
            mark(self.tree / name, name.encode())
        self.photos = {name: photo(self.tree / name) for name in PHOTOS}
        self.before = self.state()

    def state(self, *, times: bool = True) -> dict[str, object]:
        """The tree with the extended attributes of its files."""
        tree = read_tree(self.tree, times=times)
        for name in REPLACED:
            path = self.tree / name
            tree[f"{name} attributes"] = marks(path) if path.is_file() else None
        return {
            name: found
            for name, found in tree.items()
            # its size is that of its names, its time in the trash that of the run
            if not name.endswith(".trashinfo")
        }

    def apply(self) -> None:
        groups = [
            Pair(tuple(self.photos[name] for name in list(PHOTOS)[:3])),
            Pair(tuple(self.photos[name] for name in list(PHOTOS)[3:])),
        ]
        plan = plan_to_free(groups, action=self.action, keep=["path"])  # type: ignore[arg-type]
        assert len(plan.photos) == 3
        apply(plan, journal=self.journal)

    def undo(self) -> None:
        undo(journal=self.journal)

    def undo_it(self) -> None:
        undo(journal=self.journal, action=1)

    def recover(self) -> None:
        recover(journal=self.journal)
        assert not cut_off(self.journal)
        assert not recover(journal=self.journal)

    def back(self) -> None:
        recover(journal=self.journal, back=True)
        assert not recover(journal=self.journal, back=True)

    def lost(self, filesystem: str) -> list[str]:
        """What is not whole at this moment, or somebody's."""
        found = []
        tree = read_tree(self.tree)
        for name in KEPT:
            if tree.get(name) != self.before[name]:
                found.append(f"the one to keep is not: {name}")
        if tree.get("home/other.txt") != self.before["home/other.txt"]:
            found.append("REPLACED other.txt")
        whole = [bytes_ for name, bytes_ in contents(self.tree).items() if TEMP_PREFIX not in name]
        for name in REPLACED if self.action != "trash" else ():
            path = self.tree / name
            there = path.read_bytes() if path.exists() else None
            swapped = filesystem == "native"
            if there != PHOTOS[name] and (swapped or there is not None):
                found.append(f"LOST {name!r}: {there!r}")
        if self.action == "trash":
            for content in (SAME, PHOTOS["in/d.png"]):
                if whole.count(content) < list(PHOTOS.values()).count(content):
                    found.append(f"FEWER {content!r:.20}")
        return found

    def litter(self) -> list[str]:
        return [f"LITTER {name!r}" for name in contents(self.tree) if TEMP_PREFIX in name]


def mark(path: Path, value: bytes) -> None:
    try:
        os.setxattr(path, "user.name", value)
        if path.name == "IMG.jpg" and b"/a/" in value:
            os.setxattr(path, "user.only", b"of the one to keep")
    except OSError:
        pass  # this file system has none


def marks(path: Path) -> dict[str, bytes]:
    return {name: os.getxattr(path, name) for name in os.listxattr(path)}


def check(case: Case, filesystem: str, stride: int) -> dict[str, Any]:
    """All faults at all points of apply and undo."""
    found: list[str] = []
    counts: dict[str, int] = {}
    case.prepare()
    assert in_child(case.apply, FreeingFaults(0, "", filesystem)) == 0
    finished = case.state(times=False)
    killed, errors = ["before", "after"], [str(errno.ENOSPC), str(errno.EACCES)]
    for phase in ["apply", "undo"]:
        for kind in killed + errors:
            at = 1
            while True:
                case.prepare()
                if phase == "undo":
                    assert in_child(case.apply, FreeingFaults(0, "", filesystem)) == 0
                code = in_child(getattr(case, phase), FreeingFaults(at, kind, filesystem))
                if code == 0:
                    break
                where = f"{phase} {kind} {at}"
                if code not in (137, 2, 3):
                    found.append(f"{where}: broke ({code})")
                counts[where.rsplit(" ", 1)[0]] = at
                found += [f"{where}: {what}" for what in case.lost(filesystem)]
                if kind in killed:
                    ended = goes_on(case, phase, at, finished, filesystem)
                    found += [f"{where}: {what}" for what in ended]
                in_child(case.undo_it)
                after = case.state()
                if after != case.before:
                    different = {
                        name: (case.before.get(name), after.get(name))
                        for name in case.before.keys() | after.keys()
                        if case.before.get(name) != after.get(name)
                    }
                    found.append(f"{where}: undo left {different}")
                found += [f"{where}: {what}" for what in case.litter()]
                at += 1 if kind in killed else stride
    return {"points": counts, "found": found}


def goes_on(
    case: Case, phase: str, at: int, finished: dict[str, object], filesystem: str
) -> list[str]:
    """Recover ends where an undisturbed run ends; a third is finished, a third taken back."""
    if at % 3 == 2:
        return []
    back = at % 3 == 1 or phase == "undo"
    clean = FreeingFaults(0, "", filesystem)
    code = in_child(case.back if back else case.recover, clean)
    tree = case.state(times=back)
    if code == 0 and tree == (case.before if back else finished):
        return case.litter()
    with Journal(case.journal) as book:
        never = not [record for record in book.records() if record.state != "undone"]
    return [] if code == 0 and never else [f"recover did not end ({code}): {tree}"]


if __name__ == "__main__":
    case = Case(Path(sys.argv[1]), sys.argv[2])
    stride = int(sys.argv[4]) if len(sys.argv) > 4 else 4
    sys.stdout.write(json.dumps(check(case, sys.argv[3], stride)))
