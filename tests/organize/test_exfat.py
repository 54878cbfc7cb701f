"""On a real exFAT through FUSE, where this machine can mount one."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from trees import Content, contents, group, make_files, read_tree

from dedupe.errors import UsageError
from dedupe.organize.applying.apply import apply
from dedupe.organize.applying.probe import Probed, probe
from dedupe.organize.applying.undo import history, undo
from dedupe.organize.drafting.planning import make_plan
from dedupe.organize.journal.journal import Journal
from dedupe.organize.plans.plan import Plan

TREE: dict[str, Content] = {
    "in/a/IMG.jpg": b"the first one",
    "in/b/img.JPG": b"another one, its name in other letters",
    "in/12:30.jpg": b"a colon",
    "in/c.jpg": b"c" * 70_000,
    "in/\udcff.jpg": b"no text",
}
_TOOLS = ("mkfs.exfat", "mount.exfat-fuse", "losetup", "umount")


class Card:
    """A memory card, to be put in and taken out."""

    def __init__(self, image: Path, place: Path) -> None:
        self.place = place
        with image.open("wb") as out:
            out.truncate(32 << 20)
        run("mkfs.exfat", image)
        self.device = run("losetup", "--find", "--show", image)

    def put_in(self) -> None:
        run("mount.exfat-fuse", self.device, self.place)

    def take_out(self) -> None:
        if self.place.is_mount():
            run("umount", self.place)

    def throw_away(self) -> None:
        self.take_out()
        run("losetup", "--detach", self.device)


def run(*command: str | Path) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    if done.returncode:
        raise OSError(f"{command[0]}: {done.stderr.strip()}")
    return done.stdout.strip()


@pytest.fixture
def card(tmp_path: Path) -> Iterator[Card]:
    missing = [tool for tool in _TOOLS if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"cannot make an exFAT: there is no {', '.join(missing)}")
    place = tmp_path / "card"
    place.mkdir()
    try:
        card = Card(tmp_path / "image", place)
    except OSError as error:
        pytest.skip(f"cannot make an exFAT: {error}")
    try:
        try:
            card.put_in()
        except OSError as error:
            pytest.skip(f"cannot mount an exFAT: {error}")
        yield card
    finally:
        card.throw_away()


def planned(tree: Path, card: Card, action: str) -> Plan:
    pairs = [("in/a/IMG.jpg", "in/b/img.JPG", "in/12:30.jpg"), ("in/c.jpg", "in/\udcff.jpg")]
    groups = [group(*(tree / name for name in pair)) for pair in pairs]
    return make_plan(groups, keep=["largest"], action=action, into=card.place / "out")


def probed(plan: Plan, journal: Path) -> Probed:
    with Journal(journal) as book, book.alone():
        return probe(plan, book)


def test_what_exfat_cannot_do_is_said_before_anything_is_done(
    tree: Path, journal: Path, card: Card
) -> None:
    make_files(tree, TREE)
    found = probed(planned(tree, card, "move"), journal)
    notes = "\n".join(found.notes)
    assert "times are kept to 1 second" in notes
    assert "permissions and extended attributes are not kept" in notes
    assert "upper and lower case are one" in notes
    assert "a taken name is not refused by the system" in notes
    assert "no symbolic links, so the photos that stay are not shown there" in notes
    assert {step.verb for step in found.plan.steps} == {"mkdir", "move"}
    reasons = {refusal.path.name: refusal.reason for refusal in found.plan.refusals}
    assert "cannot hold the name" in reasons["12:30.jpg"]
    assert "cannot hold the name" in reasons["\udcff.jpg"]
    assert reasons.keys() == {"12:30.jpg", "\udcff.jpg"}
    copies = probed(planned(tree, card, "copy"), journal).plan
    alone = {refusal.path.name: refusal.reason for refusal in copies.refusals}["c.jpg"]
    assert alone == "is the only one left of its group"
    assert contents(card.place) == {}
    with pytest.raises(
        UsageError, match="out cannot hold symbolic links: function not implemented"
    ):
        apply(planned(tree, card, "symlink"), journal=journal)
    assert contents(card.place) == {}
    assert history(journal) == []


@pytest.mark.parametrize("out_and_in", [False, True], ids=["stays in", "taken out and put in"])
@pytest.mark.parametrize("action", ["move", "copy"])
def test_what_can_be_done_on_exfat_is_done_and_taken_back(
    tree: Path, journal: Path, card: Card, action: str, out_and_in: bool
) -> None:
    make_files(tree, TREE)
    (tree / "in/a/IMG.jpg").chmod(0o600)
    before = read_tree(tree)
    receipt = apply(planned(tree, card, action), journal=journal)
    # the largest of each set stays where photos are moved
    moved = ["in/a/IMG.jpg"] if action == "move" else ["in/a/IMG.jpg", "in/b/img.JPG"]
    assert (receipt.done, len(receipt.left)) == ((1, 2) if action == "move" else (2, 3))
    assert sorted(contents(card.place).values()) == sorted(TREE[name] for name in moved)
    assert all((tree / name).is_file() for name in TREE.keys() - set(moved))
    if out_and_in:
        card.take_out()
        card.put_in()
    assert undo(journal=journal).left == ()
    assert read_tree(tree) == before
    assert contents(card.place) == {}


def test_a_folder_of_the_same_name_in_other_letters_is_left_to_its_owner(
    tree: Path, journal: Path, card: Card
) -> None:
    make_files(tree, TREE)
    his = card.place / "out/001 IMG"
    his.mkdir(parents=True)
    (his / "MINE.TXT").write_bytes(b"somebody's")
    plan = planned(tree, card, "copy")
    assert {step.target.parent.name for step in plan.photos} == {"001 img (2)", "002 c"}
    assert apply(plan, journal=journal).done == 2
    undo(journal=journal)
    assert contents(card.place) == {"out/001 IMG/MINE.TXT": b"somebody's"}


def test_photos_of_a_card_are_moved_on_it_and_come_back_with_their_times(
    journal: Path, card: Card
) -> None:
    make_files(card.place, {"DCIM/a.jpg": b"one", "DCIM/b.jpg": b"two!", "DCIM/c.jpg": b"three"})
    before = {path.name: os.lstat(path).st_mtime_ns for path in (card.place / "DCIM").iterdir()}
    three = group(*(card.place / "DCIM").iterdir())
    plan = make_plan([three], action="move", into=card.place / "out")
    assert apply(plan, journal=journal).done == 2
    assert undo(journal=journal).left == ()
    after = {path.name: os.lstat(path).st_mtime_ns for path in (card.place / "DCIM").iterdir()}
    assert after == before
