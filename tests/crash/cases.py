"""The trees and plans that are struck: one case for each action there is, and some with a past."""

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from trees import Content, Link, contents, make_files, photo, read_tree

from dedupe.organize.applying.apply import apply
from dedupe.organize.applying.recover import cut_off, recover
from dedupe.organize.applying.undo import history, undo
from dedupe.organize.drafting.freeing import plan_to_free
from dedupe.organize.drafting.planning import make_plan
from dedupe.organize.drafting.pointing import with_links
from dedupe.organize.journal.journal import Journal
from dedupe.organize.plans.actions import ACTIONS
from dedupe.organize.plans.aside import AsidePlan
from dedupe.organize.plans.freeing import FREEING
from dedupe.organize.plans.plan import Plan
from dedupe.organize.protected import NOTHING
from dedupe.organize.saved.aside_recheck import recheck_aside
from dedupe.organize.saved.plan_file import read_plan, save_plan
from dedupe.organize.steps import Receipt
from dedupe.photos.photo import Photo

Sets = tuple[dict[str, bytes], ...]
FEW: Sets = (
    {
        "in/a/IMG.jpg": b"the first one",
        "in/b/IMG.jpg": b"another one that has the same name",
    },
    {"in/b/c/\udcff\n.jpg": b"odd", "in/d.png": b"x" * 3000},
)
# five are called the same, two pairs hold the same bytes
TWELVE: Sets = (
    {"in/a/IMG_1.jpg": b"one", "in/b/IMG_1.jpg": b"two", "in/b/c/IMG_1.jpg": b"three" * 3000},
    {"in/d/IMG_1.jpg": b"same", "in/e/copy.jpg": b"same", "in/e/x.png": b"like it"},
    {"in/d/img_1.JPG": b"four", "in/b/c/\udcff\n.jpg": b"odd", "in/e/-rf.jpg": b"six"},
    {"in/f/IMG_1.jpg": b"also", "in/f/IMG_1 (2).jpg": b"also", "in/f/z.heic": b"z" * 9000},
)
# what frees space keeps the first of each set
FIVE_SAME: Sets = (
    dict.fromkeys(["in/a/IMG.jpg", "in/b/IMG.jpg", "in/b/c/\udcff\n.jpg"], b"the same bytes"),
    dict.fromkeys(["in/d.png", "in/e.png"], b"x" * 3000),
)
TWELVE_SAME: Sets = tuple(
    dict.fromkeys([f"in/{n}/IMG_1.jpg", f"in/{n}/x/IMG_1.jpg", f"in/{n}/{name}"], content)
    for n, (name, content) in enumerate(
        {
            "a.jpg": b"one",
            "\udcff\n.jpg": b"two",
            "-rf.png": b"six" * 3000,
            "IMG_2.jpg": b"4",
        }.items()
    )
)
PLANS: dict[str, Sets] = {
    "four photos": FEW,
    "twelve photos": TWELVE,
    "five same": FIVE_SAME,
    "twelve same": TWELVE_SAME,
}
FOREIGN = {"out/001 d/foreign.txt": b"somebody's"}
# of two of the four photos, for "along" alone
COMPANIONS = {
    "in/b/IMG.jpg.xmp": b"what was done to the second one",
    "in/d.xmp": b"x" * 200,
    "in/d.png.pp3": b"more of it",
}

# Actions after which of several files of the same bytes one is enough: the others were asked to
# go, and a strike may find one between its two names.
REPLACING = set(FREEING) - {"trash"}


@dataclass(frozen=True)
class Member:
    """One picture, but other bytes: asked only of these."""

    @property
    def relation(self) -> object:
        from dedupe.matching.pairs.relations import Relation

        return Relation.SAME_PICTURE


@dataclass(frozen=True)
class Pair:
    """All of a Group that planning asks for, without numpy: it would be 2/3 of each fork."""

    photos: tuple[Photo, ...]
    is_verified = False

    @property
    def kept(self) -> Photo:
        return self.photos[0]

    @property
    def relation(self) -> object:
        return Member().relation

    @property
    def members(self) -> tuple[Member, ...]:
        return (Member(),) * len(self.photos)


class Case:
    """One tree, in which one action is done and taken back.

    Args:
        folder: everything is below it; it is made anew for each point.
        name: in CASES.
        sets: the photos.
        second: a folder on another drive that gets `out/`; None for one in the same tree.
        others: files that nobody is to touch.
        into: the folder for the sets.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        sets: Sets,
        second: Path | None = None,
        others: Mapping[str, bytes] = FOREIGN,
        into: str = "out/new",
    ) -> None:
        self.name, self.sets, self.others = name, sets, others
        self.folder, self.tree, self.second = folder, folder / "tree", second
        self.journal = folder / "state" / "journal.db"
        self.into = (second or self.tree) / into
        self.known = {name: content for each in sets for name, content in each.items()}
        self.precious = self.known | (COMPANIONS if name == "along" else {})
        self.stays = [
            min(self._in_place(each) or each, key=os.fsencode)
            for each in sets
            if name in PLANNERS or self.action == "move"
        ]

    def _in_place(self, photos: Mapping[str, bytes]) -> list[str]:
        """Those of a set that can be the one that stays; no photo that was put aside, if any."""
        there = os.path.relpath(self.into, self.tree)
        aside = f"{there}/" if self.action == "move" else "/"
        return [name for name in photos if not name.startswith(aside)]

    @property
    def action(self) -> str:
        """What is done, by its name in ACTIONS."""
        return PASTS[self.name].action if self.name in PASTS else self.name

    def prepare(self) -> dict[str, object]:
        """A fresh tree, with a past where the case has one; as it is then."""
        for folder in [self.folder, *([self.second] if self.second else [])]:
            shutil.rmtree(folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        # no case leaves its folder; what is trashed is judged
        os.environ["XDG_DATA_HOME"] = str(self.tree / "home")
        files: dict[str, Content] = {"in/to a": Link("a/IMG.jpg"), **self.others, **self.precious}
        files["home/other.txt"] = b"also somebody's"
        if self.name == "linked":
            files |= {"in/mine/d": Link("../d.png"), "in/mine/b": Link("../b/IMG.jpg")}
        away = {name for name in files if self.second and name.startswith("out/")}
        make_files(self.tree, {name: files[name] for name in files.keys() - away})
        if self.second:
            make_files(self.second, {name: files[name] for name in away})
        if self.name == "relink":
            first = [photo(self.tree / name) for name in list(self.known)[::3]]
            groups = [Pair(tuple(first))]
            plan = make_plan(groups, keep=["largest"], action="symlink", into=self.into)
            apply(plan, journal=self.journal)
        # photos as they were before anything is done, as an index would have them
        self.photos = {name: photo(self.tree / name) for name in self.known}
        if self.name == "saved":
            save_plan(self.plan(), self.folder / "plan.json")
        return self.snapshot()

    def snapshot(self, *, times: bool = True) -> dict[str, object]:
        """All that undo must give back."""
        found = _without_dates(read_tree(self.tree, times=times))
        if self.second:
            away = read_tree(self.second, times=times)
            found |= {f"second/{name}": value for name, value in away.items()}
        return found

    def contents(self) -> dict[str, Content]:
        """Names and bytes of all files and links."""
        found = contents(self.tree) | (contents(self.second) if self.second else {})
        return _without_dates(found)

    def read(self, name: str) -> bytes | None:
        """What is read under a name, links followed."""
        path = self.tree / name
        return path.read_bytes() if path.is_file() else None

    def plan(self) -> Plan:
        """The plan, made anew."""
        saved = self.folder / "plan.json"
        if saved.exists():
            plan = read_plan(saved)
            assert isinstance(plan, AsidePlan)
            return recheck_aside(plan, self._ours())
        groups = [Pair(tuple(self.photos[name] for name in each)) for each in self.sets]
        if self.name in PLANNERS:
            return PLANNERS[self.name](self, groups)
        place = {"into": self.into, "ours": self._ours()}
        if self.name == "tree":
            place["tree"] = self.tree
        keep = ["path"] if self.action == "move" else ["largest"]
        plan = make_plan(groups, keep=keep, action=self.action, **place)
        if self.name != "linked":
            return plan
        links = [self.tree / "in/to a", self.tree / "in/mine/d", self.tree / "in/mine/b"]
        return with_links(plan, links, NOTHING)

    def _ours(self) -> dict[Path, str]:
        if not self.journal.exists():
            return {}
        with Journal(self.journal) as book:
            return book.links_under(self.into)

    # what is struck

    def apply(self) -> None:
        """Do it."""
        apply(self.plan(), journal=self.journal)

    def undo(self) -> None:
        """Take the last action back."""
        undo(journal=self.journal)

    def recover(self) -> None:
        """Go on with what was cut off."""
        recover(journal=self.journal)

    def back(self) -> None:
        """Take back what was cut off."""
        recover(journal=self.journal, back=True)

    # what follows a strike

    def meddle(self) -> None:
        """What a person does before undo: each moved photo gets a name of its own."""
        if self.name == "astray":
            for number, path in enumerate(sorted(self.into.rglob("*.*"))):
                if not path.is_symlink():
                    path.rename(path.with_name(f"mine {number}"))

    def recover_all(self, *, back: bool) -> None:
        """Afterwards nothing is cut off any more, and a second time has nothing to do."""
        recover(journal=self.journal, back=back)
        assert not cut_off(self.journal)
        assert not recover(journal=self.journal, back=back)

    def undo_all(self) -> list[Receipt]:
        """Take back what the case did, and nothing from before it."""
        first = 2 if self.name == "relink" else 1
        actions = [record.id for record in history(self.journal) if record.id >= first]
        if not actions:  # cut off before its first step
            return recover(journal=self.journal)
        return [undo(journal=self.journal, action=action) for action in reversed(actions)]

    def is_cut_off(self) -> bool:
        """Whether there is anything for recovery to do."""
        return bool(cut_off(self.journal))


def _without_dates(found: dict[str, Any]) -> dict[str, Any]:
    """Less what the trash says of photos: in it is when the run was."""
    return {name: value for name, value in found.items() if not name.endswith(".trashinfo")}


def _freeing(action: str, case: Case, groups: list[Pair]) -> Plan:
    return plan_to_free(groups, action=action, keep=["path"])  # type: ignore[arg-type]


@dataclass(frozen=True)
class Past:
    """A case that is more than its action."""

    action: str
    words: str


PASTS: dict[str, Past] = {
    "relink": Past("symlink", "links where an earlier run has left others"),
    "saved": Past("move", "a plan from a file"),
    "astray": Past("move", "photos that were renamed before undo"),
    "along": Past("move", "photos with what belongs to them"),
    "linked": Past("move", "photos that a person has links to"),
    "tree": Past("move", "the others of each set, in the folders that they were in"),
}
# How the plan of a case is made where make_plan does not know it; each is a case of its own.
PLANNERS: dict[str, Callable[[Case, list[Pair]], Plan]] = {
    action: partial(_freeing, action) for action in FREEING
}
CASES = [*ACTIONS, *PLANNERS, *PASTS]


def small_plan(case: str) -> str:
    """The few photos of a case, by their name in PLANS."""
    return "five same" if case in PLANNERS else "four photos"


# Naive programs, to show that each fault would be found


def _move_by_shutil(case: Case) -> None:
    """Python's own move."""
    for number, name in enumerate(case.known):
        shutil.move(case.tree / name, case.tree / "out" / f"{number}.jpg")


def _write_in_place(case: Case) -> None:
    """Write under the final name, then remove the old one; a write takes what it takes."""
    for number, name in enumerate(case.known):
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        writer = os.open(case.tree / "out" / f"{number}.jpg", flags)
        os.write(writer, (case.tree / name).read_bytes())
        os.close(writer)
        os.unlink(case.tree / name)  # noqa: PTH108


def _unlink_then_link(case: Case) -> None:
    """Replace a file by a link to one of the same bytes."""
    first: dict[bytes, str] = {}
    for name, content in case.known.items():
        if (kept := first.setdefault(content, name)) != name:
            os.unlink(case.tree / name)  # noqa: PTH108
            os.link(case.tree / kept, case.tree / name)


def _rename_to_one_folder(case: Case) -> None:
    """Keep the name and look first whether it is free; by another case it is taken all the same."""
    for name in case.known:
        os.replace(case.tree / name, case.tree / "out" / Path(name).name)  # noqa: PTH105


CONTROLS: dict[str, Callable[[Case], None]] = {
    "shutil.move": _move_by_shutil,
    "written in place": _write_in_place,
    "unlink, then link": _unlink_then_link,
    "os.replace": _rename_to_one_folder,
}
