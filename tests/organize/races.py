"""Somebody else at work in the same folders, in the moment before a change that dedupe makes."""

import errno
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from trees import Content, Link, contents, group, make_files, read_tree

from dedupe.organize.drafting.planning import make_plan
from dedupe.organize.drafting.pointing import with_links
from dedupe.organize.files import renaming
from dedupe.organize.files.place import Place
from dedupe.organize.plans.plan import Plan
from dedupe.organize.protected import NOTHING

PHOTOS: dict[str, bytes] = {
    "in/IMG.jpg": b"the first one",
    "in/b/IMG.jpg": b"another one that has the same name",
    "in/b/c.jpg": b"odd",
}
LINKS: dict[str, Content] = {
    "links/to IMG": Link("../in/IMG.jpg"),
    "links/to c": Link("../in/b/c.jpg"),
}
TREE: dict[str, Content] = {**PHOTOS, **LINKS, "out/mine.txt": b"somebody's"}
CHANGES = (
    "mkdir rmdir symlink link unlink replace write fsync fchown fchmod setxattr utime chmod".split()
)


@dataclass
class Scene:
    """A tree, in which an action is done or taken back while somebody else is at work in it.

    Attributes:
        top: holds the tree and all that somebody else has.
        plan: for the tree.
        foreign: what somebody else has put somewhere, each content once.
        edited: photos by their old bytes that have new ones.
        swapped: folders that are links now, and where they are kept.
    """

    top: Path
    plan: Plan
    foreign: list[bytes] = field(default_factory=list)
    edited: dict[bytes, bytes] = field(default_factory=dict)
    swapped: dict[Path, Path] = field(default_factory=dict)
    elsewhere: dict[str, object] = field(default_factory=dict)
    pointed: list[Path] = field(default_factory=list)

    @classmethod
    def made(cls, top: Path, action: str) -> "Scene":
        """A fresh one."""
        shutil.rmtree(top, ignore_errors=True)
        (top / "elsewhere").mkdir(parents=True)
        (top / "aside").mkdir()
        (top / "tree").mkdir()
        make_files(top / "tree", TREE)
        together = group(*(top / "tree" / name for name in PHOTOS))
        verb = "move" if action == "linked" else action
        plan = make_plan([together], action=verb, into=top / "tree/out")
        if action == "linked":
            plan = with_links(plan, [top / "tree" / name for name in LINKS], NOTHING)
        return cls(top, plan)

    @property
    def tree(self) -> Path:
        return self.top / "tree"

    @property
    def names(self) -> list[Path]:
        """Old and new names of the photos."""
        photos = [step for step in self.plan.steps if step.is_photo]
        return [step.source for step in photos] + [step.target for step in photos]

    # what somebody else may do

    def put(self, path: Path) -> None:
        """Put a file of his own there."""
        self.foreign.append(f"foreign {len(self.foreign)}".encode())
        path.write_bytes(self.foreign[-1])

    def take_names(self) -> None:
        """Take every name that is free."""
        for path in self.names:
            if path.parent.is_dir() and not os.path.lexists(path):
                self.put(path)

    def edit(self, change: Callable[[bytes], bytes]) -> None:
        """Edit every photo."""
        for path in self.photos():
            old = path.read_bytes()
            if old not in self.edited.values():  # else another name of one that was just edited
                self.edited[old] = change(old)
                path.write_bytes(self.edited[old])

    def append(self) -> None:
        """Edit every photo so that it has more bytes."""
        self.edit(lambda old: old + b"!")

    def overwrite(self) -> None:
        """Edit every photo so that it has as many bytes."""
        self.edit(lambda old: old[:-1] + b"#")

    def carry_off(self) -> None:
        """Carry all photos to another folder."""
        for number, path in enumerate(self.photos()):
            path.rename(self.top / "aside" / str(number))

    def replace_by_links(self) -> None:
        """Carry all photos off and leave links to other files."""
        for number, path in enumerate(self.photos()):
            self.put(self.top / "elsewhere" / str(number))
            path.rename(self.top / "aside" / str(number))
            path.symlink_to(self.top / "elsewhere" / str(number))
        self.elsewhere = read_tree(self.top / "elsewhere")

    def replace_by_files(self) -> None:
        """Save another file over each photo, as editors do."""
        for path in self.photos():
            self.put(path.with_name("new"))
            self.edited[path.read_bytes()] = self.foreign[-1]
            path.with_name("new").replace(path)

    def replace_links(self) -> None:
        """Put a file of his own in the place of each link."""
        for path in self.names:
            if path.is_symlink():
                path.unlink()
                self.put(path)

    def replace_own_links(self) -> None:
        """Put a file of his own in the place of each link that leads to a photo."""
        for name in LINKS:
            (self.tree / name).unlink()
            self.put(self.tree / name)

    def point_elsewhere(self) -> None:
        """Let each link that leads to a photo lead elsewhere."""
        for name in LINKS:
            (self.tree / name).unlink()
            (self.tree / name).symlink_to("elsewhere")
            self.pointed.append(self.tree / name)

    def photos(self) -> list[Path]:
        """Photos and copies of them where they should be, and no links to them."""
        return [path for path in self.names if path.is_file() and not path.is_symlink()]

    def swap(self, name: str) -> None:
        """Put a link in the place of a folder, to one that looks the same and is not."""
        folder = self.tree / name
        if folder.is_dir():
            shutil.copytree(folder, self.top / "elsewhere/same", symlinks=True)
            self.swapped[folder] = self.top / "aside/folder"
            folder.rename(self.swapped[folder])
            folder.symlink_to(self.top / "elsewhere/same")
            self.elsewhere = read_tree(self.top / "elsewhere")

    def swap_back(self) -> None:
        """Undo that."""
        for folder, kept in self.swapped.items():
            folder.unlink()
            kept.rename(folder)

    # what must hold whatever he did

    def broken(self) -> list[str]:
        """What was lost or changed that is not ours."""
        kept = [
            content
            for name, content in contents(self.top).items()
            if not name.startswith("elsewhere/")
        ]
        photos = [self.edited.get(photo, photo) for photo in PHOTOS.values()]
        photos += [new for old, new in self.edited.items() if old not in PHOTOS.values()]
        foreign = [] if self.elsewhere and not self.swapped else self.foreign
        found = [f"LOST {each!r}" for each in [*photos, *foreign] if each not in kept]
        if b"somebody's" not in kept:
            found.append("LOST mine.txt")
        found += [f"LOST {path}" for path in self.pointed if not _leads_elsewhere(path)]
        if read_tree(self.top / "elsewhere") != (self.elsewhere or self._empty()):
            found.append("TOUCHED elsewhere")
        temps = [name for name in contents(self.top) if ".dedupe-tmp-" in name]
        return found + [f"LITTER {name}" for name in temps if not name.startswith("elsewhere/")]

    def _empty(self) -> dict[str, object]:
        return {".": read_tree(self.top / "elsewhere")["."]}


def _leads_elsewhere(link: Path) -> bool:
    return link.is_symlink() and link.readlink() == Path("elsewhere")


Race = Callable[[Scene], None]
RACES: dict[str, Race] = {
    "names taken": Scene.take_names,
    "photos edited": Scene.append,
    "photos edited, of the same size": Scene.overwrite,
    "photos carried off": Scene.carry_off,
    "photos replaced by links": Scene.replace_by_links,
    "photos replaced by files": Scene.replace_by_files,
    "links replaced by files": Scene.replace_links,
    "the folder of the group swapped": lambda scene: scene.swap(
        scene.plan.steps[0].target.relative_to(scene.tree).as_posix()
    ),
    "the folder of the groups swapped": lambda scene: scene.swap("out"),
    "the folder of the photos swapped": lambda scene: scene.swap("in"),
    "one folder of photos swapped": lambda scene: scene.swap("in/b"),
}
OWN_LINKS: dict[str, Race] = {
    "own links replaced by files": Scene.replace_own_links,
    "own links pointed elsewhere": Scene.point_elsewhere,
    "the folder of own links swapped": lambda scene: scene.swap("links"),
}


Rename = Callable[[Place, Place], None]


def _callers() -> Iterator[str]:
    """The modules that a hooked call comes from, the nearest first."""
    frame = sys._getframe(2)  # of who called the hook
    for _ in range(4):
        yield frame.f_globals["__name__"]
        frame = frame.f_back or frame


class Hook:
    """Lets somebody else act right before the change with the number `at`, counted from 1."""

    def __init__(self, at: int, race: Callable[[], None]) -> None:
        self.at, self.race = at, race
        self.probing = False
        self.count = 0

    @contextmanager
    def around_changes(self, drives: str) -> Iterator[None]:
        """Strike once among the changes that dedupe makes.

        Args:
            drives: "one", "without rename" (no exclusive one), "two" (out/ is another one),
                "probing" (one, and changes of the probe alone count, which else count never).
        """
        self.probing = drives == "probing"
        with pytest.MonkeyPatch.context() as patch:
            native, swap = renaming.exclusive_rename(), renaming.exchanging_rename()
            patch.setattr(os, "supports_fd", {*os.supports_fd})
            patch.setattr(os, "supports_follow_symlinks", {*os.supports_follow_symlinks})
            for name in CHANGES:
                call = getattr(os, name)
                hooked = self._before(call)
                patch.setattr(os, name, hooked)
                if call in os.supports_fd:
                    os.supports_fd.add(hooked)
                if call in os.supports_follow_symlinks:
                    os.supports_follow_symlinks.add(hooked)
            is_change = lambda path, flags, *rest: bool(flags & os.O_CREAT)  # noqa: E731
            patch.setattr(os, "open", self._before(os.open, is_change))

            rename, exchange = self._renames(drives, native, swap)
            patch.setattr(renaming, "exclusive_rename", lambda: rename)
            patch.setattr(renaming, "exchanging_rename", lambda: exchange)
            yield

    def _renames(
        self, drives: str, native: Rename | None, swap: Rename | None
    ) -> tuple[Rename, Rename]:
        """The rename that refuses a taken name, and the exchange, as they are on these drives."""

        def rename(old: Place, new: Place) -> None:
            if drives == "without rename" or native is None:
                raise OSError(errno.EINVAL, "unknown flag")
            if drives == "two" and ("out" in old.path.parts) != ("out" in new.path.parts):
                raise OSError(errno.EXDEV, "other drive")
            if not self.probing:
                self._strike()
            native(old, new)

        def exchange(one: Place, other: Place) -> None:
            if drives == "without rename" or swap is None:
                raise OSError(errno.EINVAL, "unknown flag")
            if not self.probing:
                self._strike()
            swap(one, other)

        return rename, exchange

    def _before(
        self, call: Callable[..., Any], is_change: Callable[..., bool] = lambda *arguments: True
    ) -> Callable[..., Any]:
        def hooked(*arguments: Any, **options: Any) -> Any:
            callers = list(_callers())
            ours = callers[0].startswith("dedupe.organize") and is_change(*arguments)
            if ours and self.probing == ("dedupe.organize.files.trying" in callers):
                self._strike()
            return call(*arguments, **options)

        return hooked

    def _strike(self) -> None:
        self.count += 1
        if self.count == self.at:
            self.race()
