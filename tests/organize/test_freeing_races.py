"""Somebody else at work while photos are trashed or replaced: his files and the last copy stay."""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from races import Hook
from trees import Content, contents, group, make_files, read_tree

from dedupe.organize.applying.apply import apply
from dedupe.organize.applying.undo import undo
from dedupe.organize.drafting.freeing import plan_to_free
from dedupe.organize.files import renaming, substitutes
from dedupe.organize.files.place import TEMP_PREFIX, Place
from dedupe.organize.journal.journal import Journal
from dedupe.organize.plans.freeing import FREEING

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs the swap of two names")

SAME = b"the same bytes"
TREE: dict[str, Content] = {"in/a.jpg": SAME, "in/b/b.jpg": SAME, "home": None}


@dataclass
class Scene:
    """A tree with two same files, in which one of them is trashed or replaced.

    Attributes:
        top: of the tree.
        foreign: what somebody has put somewhere, each content once.
    """

    top: Path
    foreign: list[bytes] = field(default_factory=list)

    @classmethod
    def made(cls, top: Path) -> "Scene":
        shutil.rmtree(top, ignore_errors=True)
        top.mkdir()
        make_files(top, TREE)
        (top / "aside").mkdir()
        return cls(top)

    @property
    def kept(self) -> Path:
        return self.top / "in/a.jpg"

    @property
    def goes(self) -> Path:
        return self.top / "in/b/b.jpg"

    def own(self) -> bytes:
        self.foreign.append(f"foreign {len(self.foreign)}".encode())
        return self.foreign[-1]

    def save_over(self, path: Path) -> None:
        """Save another file under the name of a photo, as editors do."""
        new = path.with_name("new")
        new.write_bytes(self.own())
        new.replace(path)

    def edit(self, path: Path) -> None:
        """Write into what has the name."""
        if path.exists():
            path.write_bytes(self.own())

    def carry_off(self, path: Path) -> None:
        if os.path.lexists(path):
            path.rename(self.top / "aside" / path.name)

    def link(self, path: Path) -> None:
        """Put a link to a file of his own there."""
        (self.top / "aside/mine.txt").write_bytes(self.own())
        path.unlink(missing_ok=True)
        path.symlink_to(self.top / "aside/mine.txt")

    def take_names_in_the_trash(self) -> None:
        for folder, name in (("files", "b.jpg"), ("info", "b.jpg.trashinfo")):
            path = self.top / "home/Trash" / folder / name
            if path.parent.is_dir() and not path.exists():
                path.write_bytes(self.own())

    def swap_folder(self) -> None:
        """Put a link in the place of the photo's folder, to one that looks the same."""
        shutil.copytree(self.top / "in/b", self.top / "aside/same", symlinks=True)
        (self.top / "in/b").rename(self.top / "aside/real")
        (self.top / "in/b").symlink_to(self.top / "aside/same")


RACES: dict[str, Callable[[Scene], None]] = {
    "another file saved over the one that goes": lambda it: it.save_over(it.goes),
    "the one that goes edited": lambda it: it.edit(it.goes),
    "the one that goes carried off": lambda it: it.carry_off(it.goes),
    "a link in the place of the one that goes": lambda it: it.link(it.goes),
    "another file saved over the one to keep": lambda it: it.save_over(it.kept),
    "the one to keep edited": lambda it: it.edit(it.kept),
    "the one to keep carried off": lambda it: it.carry_off(it.kept),
    "names taken in the trash": Scene.take_names_in_the_trash,
    "its folder swapped for a link": Scene.swap_folder,
}


@pytest.fixture
def top() -> Iterator[Path]:
    """In memory where that is possible: thousands of fsyncs are not what is tested."""
    base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    place = Path(tempfile.mkdtemp(prefix="dedupe-races-", dir=base))
    yield Path(os.path.realpath(place)) / "top"
    shutil.rmtree(place)


@contextmanager
def striking(hook: Hook) -> Iterator[None]:
    """Let the hook strike before the swap of names and before contents are shared as well."""
    with hook.around_changes("one"), pytest.MonkeyPatch.context() as patch:
        native = renaming.exchanging_rename()
        assert native is not None

        def exchange(one: Place, other: Place) -> None:
            hook._strike()
            native(one, other)

        def share(source: int, target: int) -> None:
            hook._strike()
            os.write(target, os.pread(source, 1 << 20, 0))

        patch.setattr(renaming, "exchanging_rename", lambda: exchange)
        patch.setattr(substitutes, "share_contents", share)
        yield


@pytest.mark.parametrize("undoing", [False, True])
@pytest.mark.parametrize("race", RACES)
@pytest.mark.parametrize("action", FREEING)
def test_what_somebody_does_meanwhile_is_neither_lost_nor_is_the_photo(
    top: Path, action: str, race: str, undoing: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(top / "home"))
    journal = top.parent / "journal.db"
    for at in range(1, 200):
        journal.unlink(missing_ok=True)
        scene = Scene.made(top)
        plan = plan_to_free([group(scene.kept, scene.goes)], action=action, keep=["path"])
        if undoing:
            with striking(Hook(0, lambda: None)):
                assert apply(plan, journal=journal).done == 1
        hook = Hook(at, lambda scene=scene: RACES[race](scene))  # type: ignore[misc]
        with striking(hook):
            receipt = undo(journal=journal) if undoing else apply(plan, journal=journal)
        if hook.count < at:
            assert at > 2
            return
        when = f"before change {at}: {read_tree(top)}"
        everything = list(contents(top).values())
        for mine in scene.foreign:
            assert mine in everything, when
        # who edits both, as they are one file or a link by then, has them as he wants them
        assert SAME in everything or scene.kept.read_bytes() in scene.foreign, when
        litter = [name for name in contents(top) if TEMP_PREFIX in name]
        assert [name for name in litter if not name.startswith("aside/same/")] == [], when
        with Journal(journal) as book:
            entries = [entry for entry in book.entries(1) if entry.step.is_photo]
        assert receipt.done == 1 or receipt.left, when
        assert all(entry.state != "intent" for entry in entries), when
    raise AssertionError("the changes never end")
