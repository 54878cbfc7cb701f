"""Trashing and replacing: of every set one photo stays, and undo gives everything back."""

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from trees import Content, Link, contents, group, make_files, photo, read_tree

from dedupe.errors import UsageError
from dedupe.organize.applying.apply import apply
from dedupe.organize.applying.undo import undo
from dedupe.organize.drafting.freeing import plan_to_free
from dedupe.organize.files import checks, staying, substitutes, trash
from dedupe.organize.files.place import Place
from dedupe.organize.journal.journal import Journal
from dedupe.organize.plans.freeing import FREEING, FreeingPlan
from dedupe.organize.protected import Protected
from dedupe.organize.steps import Receipt

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="its trash is not used")

SAME = b"the same bytes"
TREE: dict[str, Content] = {
    "a/IMG.jpg": SAME,
    "b/IMG.jpg": SAME,
    "b/\udcff \n%.jpg": SAME,
    "c/other.jpg": b"somewhat alike",
    "home": None,
}
REPLACING = [name for name, each in FREEING.items() if each.links]


def copied(source: int, target: int) -> None:
    """What a reflink is to whoever reads it."""
    os.write(target, os.pread(source, 1 << 20, 0))


@pytest.fixture
def full(tree: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A set of three same files and a look-alike; the trash is in the same tree."""
    make_files(tree, TREE)
    monkeypatch.setenv("XDG_DATA_HOME", str(tree / "home"))
    monkeypatch.setattr(substitutes, "share_contents", copied)
    monkeypatch.setattr(sys, "platform", "linux")  # a Mac has another trash
    return tree


def planned(full: Path, action: str, *names: str, **more: object) -> FreeingPlan:
    paths = [full / name for name in names or list(TREE)[:4]]
    return plan_to_free([group(*paths)], action=action, keep=["path"], **more)  # type: ignore[arg-type]


def reasons(receipt: Receipt) -> dict[str, str]:
    return {refusal.path.name: refusal.reason for refusal in receipt.left}


@pytest.mark.parametrize("action", FREEING)
def test_one_of_the_set_stays_and_undo_restores_names_bytes_modes_and_times(
    full: Path, journal: Path, action: str
) -> None:
    (full / "b/IMG.jpg").chmod(0o640)
    before = read_tree(full)
    receipt = apply(planned(full, action), journal=journal)
    after = read_tree(full)
    assert after != before
    assert after["a/IMG.jpg"] == before["a/IMG.jpg"]
    assert after["c/other.jpg"] == before["c/other.jpg"]
    assert (receipt.done, receipt.bytes) == (2, 2 * len(SAME))
    assert undo(journal=journal).left == ()
    assert read_tree(full) == before
    assert all(os.lstat(full / name).st_nlink == 1 for name in list(TREE)[:4])


@pytest.mark.parametrize("action", FREEING)
def test_attributes_of_the_photo_come_back_and_those_of_the_other_do_not(
    full: Path, journal: Path, action: str
) -> None:
    try:
        os.setxattr(full / "b/IMG.jpg", "user.tag", b"mine")
        os.setxattr(full / "a/IMG.jpg", "user.other", b"not mine")
    except OSError:
        pytest.skip("this file system has no extended attributes")
    apply(planned(full, action), journal=journal)
    undo(journal=journal)
    assert checks.attributes(full / "b/IMG.jpg") == (("user.tag", b"mine"),)
    assert checks.attributes(full / "a/IMG.jpg") == (("user.other", b"not mine"),)


def test_the_trash_holds_the_photos_with_a_file_that_says_where_they_were(
    full: Path, journal: Path
) -> None:
    apply(planned(full, "trash"), journal=journal)
    trashed = contents(full / "home/Trash")
    told = {name: text for name, text in trashed.items() if name.startswith("info/")}
    assert set(trashed) - set(told) == {"files/IMG.jpg", "files/\udcff \n%.jpg"}
    assert set(told) == {"info/IMG.jpg.trashinfo", "info/\udcff \n%.jpg.trashinfo"}
    lines = told["info/\udcff \n%.jpg.trashinfo"].decode().splitlines()  # type: ignore[union-attr]
    assert lines[0] == "[Trash Info]"
    assert lines[1] == f"Path={full}/b/%FF%20%0A%25.jpg"
    assert lines[2].startswith("DeletionDate=20")
    assert [len(lines), len(lines[2])] == [3, len("DeletionDate=2026-01-01T00:00:00")]
    for folder in ("", "files", "info"):
        assert (full / "home/Trash" / folder).stat().st_mode & 0o777 == 0o700


def test_names_that_the_trash_has_already_stay_as_they_are(full: Path, journal: Path) -> None:
    foreign: dict[str, Content] = {
        "home/Trash/files/img.JPG": b"trashed before",
        "home/Trash/info/IMG (2).jpg.trashinfo": b"of a file that is gone",
    }
    make_files(full, foreign)
    before = read_tree(full)
    apply(planned(full, "trash"), journal=journal)
    after = contents(full)
    assert foreign.items() <= after.items()
    assert after["home/Trash/files/IMG (3).jpg"] == SAME
    undo(journal=journal)
    assert read_tree(full) == before


def test_a_photo_of_another_drive_goes_to_the_trash_at_its_top(
    full: Path, journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The home folder is said to be elsewhere; where the drive begins is said as well."""
    monkeypatch.setattr(trash, "_top", lambda folder, drive: full)
    elsewhere = Path("/proc")
    if elsewhere.is_dir():
        monkeypatch.setenv("XDG_DATA_HOME", str(elsewhere))
    apply(planned(full, "trash"), journal=journal)
    own = full / f".Trash-{os.getuid()}"
    assert (own / "files/IMG.jpg").read_bytes() == SAME
    assert (own / "info/IMG.jpg.trashinfo").read_text().splitlines()[1] == "Path=b/IMG.jpg"
    undo(journal=journal)
    assert contents(full) == {**{name: TREE[name] for name in list(TREE)[:4]}}


@pytest.mark.parametrize(
    ("shared", "used"), [("sticky", True), ("not sticky", False), ("a link", False)]
)
def test_a_trash_for_all_users_is_used_only_where_it_is_sticky_and_no_link(
    full: Path, shared: str, used: bool
) -> None:
    if shared == "a link":
        (full / "real").mkdir()
        (full / "real").chmod(0o1777)
        (full / ".Trash").symlink_to("real")
    else:
        (full / ".Trash").mkdir()
        (full / ".Trash").chmod(0o1777 if shared == "sticky" else 0o777)
    found = trash._at_top_of(full, full.stat().st_dev)
    assert found is not None
    own = full / ".Trash" / str(os.getuid()) if used else full / f".Trash-{os.getuid()}"
    assert found.root == own


def test_a_photo_that_was_emptied_out_of_the_trash_is_said_to_be_gone(
    full: Path, journal: Path
) -> None:
    apply(planned(full, "trash"), journal=journal)
    shutil.rmtree(full / "home/Trash/files")
    (full / "home/Trash/files").mkdir()
    taken = undo(journal=journal)
    assert reasons(taken)["IMG.jpg"] == "is gone: it is not in the trash any more"
    assert taken.done == 0


def test_a_photo_that_was_restored_by_hand_is_as_good_as_taken_back(
    full: Path, journal: Path
) -> None:
    apply(planned(full, "trash"), journal=journal)
    (full / "home/Trash/files/IMG.jpg").rename(full / "b/IMG.jpg")
    assert undo(journal=journal).left == ()
    assert contents(full) == {name: content for name, content in TREE.items() if content}


def test_what_is_weaker_than_same_pixels_is_never_trashed_by_a_rule(
    full: Path, journal: Path
) -> None:
    plan = planned(full, "trash")
    assert {step.source for step in plan.photos} == {full / name for name in list(TREE)[1:3]}
    assert [(doubt.step.source.name, doubt.relation) for doubt in plan.doubts] == [
        ("other.jpg", "look-alike")
    ]
    assert "to be confirmed one by one: 1" in str(plan)
    apply(plan, journal=journal)
    assert (full / "c/other.jpg").exists()


def test_same_pixels_may_be_trashed_but_not_replaced(full: Path) -> None:
    known = {"pixel_hash": b"p" * 32, "reduced": 1}
    pair = group(photo(full / "a/IMG.jpg", **known), photo(full / "c/other.jpg", **known))
    plan = plan_to_free([pair], action="trash", keep=["path"])
    assert [step.source.name for step in plan.photos] == ["other.jpg"]
    assert plan.relations[0][1] == "same pixels"
    for action in REPLACING:
        plan = plan_to_free([pair], action=action, keep=["path"])
        assert plan.photos == ()
        assert (plan.refusals, plan.unlike) == ((), 1)
        assert "with bytes of their own, left as they are: 1" in str(plan)


def test_hashes_of_a_shrunk_decoding_are_no_proof_of_same_pixels(full: Path) -> None:
    known = {"pixel_hash": b"p" * 32, "reduced": 2}
    pair = group(photo(full / "a/IMG.jpg", **known), photo(full / "c/other.jpg", **known))
    plan = plan_to_free([pair], action="trash", keep=["path"])
    assert (plan.photos, len(plan.doubts)) == ((), 1)


def test_by_name_a_look_alike_goes_and_another_of_its_set_stays(full: Path, journal: Path) -> None:
    before = read_tree(full)
    plan = planned(full, "trash", named=[full / "c/other.jpg"])
    assert [step.source for step in plan.photos] == [full / "c/other.jpg"]
    apply(plan, journal=journal)
    assert not (full / "c/other.jpg").exists()
    undo(journal=journal)
    assert read_tree(full) == before


def test_nobody_can_name_all_photos_of_a_set(full: Path) -> None:
    names = list(TREE)[:4]
    plan = planned(full, "trash", named=[full / name for name in names])
    assert plan.steps == ()
    assert {each.reason for each in plan.refusals} == {
        "stays, as every photo of its set was named, and one stays"
    }
    plan = planned(full, "trash", named=[full / "nowhere.jpg"])
    assert [each.reason for each in plan.refusals] == [
        "is in no set, so that nothing of it would stay"
    ]


@pytest.mark.parametrize("action", FREEING)
def test_what_is_protected_stays_and_a_named_one_is_refused(
    full: Path, journal: Path, action: str
) -> None:
    protected = Protected([full / "b"])
    plan = planned(full, action, protected=protected)
    # of same files one in the folder is kept before all others, where nothing was verified
    assert [step.source for step in plan.photos] == [full / "a/IMG.jpg"]
    assert plan.photos[0].kept is not None
    assert plan.photos[0].kept.file.path.parent == full / "b"
    assert [path.parent for path in plan.stays] == [full / "b"]
    plan = planned(full, "trash", protected=protected, named=[full / "b/IMG.jpg"])
    assert [each.reason for each in plan.refusals] == ["is in a protected folder"]


def edit_in_secret(path: Path) -> None:
    """Other bytes of the same number, with the old time."""
    found = path.stat()
    path.write_bytes(path.read_bytes()[::-1])
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))


@pytest.mark.parametrize("name", ["a/IMG.jpg", "b/IMG.jpg"])
@pytest.mark.parametrize("action", FREEING)
def test_every_byte_is_looked_at_before_a_photo_goes(
    full: Path, journal: Path, action: str, name: str
) -> None:
    plan = planned(full, action, "a/IMG.jpg", "b/IMG.jpg")
    edit_in_secret(full / name)
    before = read_tree(full)
    receipt = apply(plan, journal=journal)
    assert (receipt.done, list(reasons(receipt))) == (0, ["IMG.jpg"])
    assert "its bytes are others" in reasons(receipt)["IMG.jpg"]
    assert contents(full) == {
        k: v[0] for k, v in before.items() if isinstance(v, tuple) and v[0] != "folder"
    }  # type: ignore[comparison-overlap]


@pytest.mark.parametrize("action", FREEING)
def test_nothing_goes_where_the_photo_to_keep_has_gone(
    full: Path, journal: Path, action: str
) -> None:
    plan = planned(full, action, *list(TREE)[:3])
    (full / "a/IMG.jpg").rename(full / "elsewhere.jpg")
    receipt = apply(plan, journal=journal)
    assert receipt.done == 0
    said = f"stays, as {full}/a/IMG.jpg, the one to keep, is gone"
    assert set(reasons(receipt).values()) == {said}
    assert sum(content == SAME for content in contents(full).values()) == 3


@pytest.mark.parametrize("action", FREEING)
def test_a_photo_with_other_names_is_left_alone_as_nothing_would_be_freed(
    full: Path, action: str
) -> None:
    os.link(full / "b/IMG.jpg", full / "b/second name.jpg")
    plan = planned(full, action, "a/IMG.jpg", "b/IMG.jpg")
    assert plan.photos == ()
    assert "has other names (hard links)" in plan.refusals[0].reason


@pytest.mark.parametrize("action", ["hardlink", "symlink-same"])
def test_what_is_replaced_already_needs_nothing(full: Path, journal: Path, action: str) -> None:
    plan = planned(full, action)
    apply(plan, journal=journal)
    groups = [replace(group(full / "a/IMG.jpg", full / "c/other.jpg"))]
    kept = groups[0].photos[0]
    links = [replace(kept, file=replace(kept.file, path=step.source)) for step in plan.photos]
    again = plan_to_free([group(kept, *links)], action=action, keep=["path"])
    assert (again.photos, again.standing, again.refusals) == ((), 2, ())


@pytest.mark.parametrize("action", REPLACING)
def test_a_file_system_without_such_links_is_said_before_anything_is_changed(
    full: Path, journal: Path, action: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unable(*arguments: object, **options: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(substitutes, "share_contents", unable)
    monkeypatch.setattr(substitutes, "link_to", unable)
    monkeypatch.setattr(os, "symlink", unable)
    before = read_tree(full)
    with pytest.raises(UsageError, match=f"has no {FREEING[action].links.split()[0]}"):
        apply(planned(full, action), journal=journal)
    assert read_tree(full) == before
    with Journal(journal) as book:
        assert [record.standing for record in book.records()] == [0]


def test_hard_links_do_not_lead_to_another_drive(
    full: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drive = iter(range(1, 1000))
    native = Place.lstat

    def elsewhere(place: Place) -> os.stat_result:
        found = list(native(place))
        found[2] = next(drive)
        return os.stat_result(found)

    here, there = (Place.by_path(full / name) for name in ("b/IMG.jpg", "a/IMG.jpg"))
    monkeypatch.setattr(Place, "lstat", elsewhere)
    assert "is on another drive" in (staying.obstacle("hardlink", here, there) or "")
    assert staying.obstacle("reflink", here, there) is None  # the system knows better


@pytest.mark.parametrize("action", ["hardlink", "symlink-same"])
def test_undo_leaves_what_somebody_has_put_in_the_place_of_the_link(
    full: Path, journal: Path, action: str
) -> None:
    apply(planned(full, action), journal=journal)
    (full / "b/IMG.jpg").unlink()
    (full / "b/IMG.jpg").write_bytes(b"mine")
    taken = undo(journal=journal)
    assert (taken.done, list(reasons(taken))) == (1, ["IMG.jpg"])
    assert (full / "b/IMG.jpg").read_bytes() == b"mine"


def test_undo_says_that_a_link_stays_where_its_photo_is_gone(full: Path, journal: Path) -> None:
    apply(planned(full, "symlink-same"), journal=journal)
    (full / "a/IMG.jpg").unlink()
    taken = undo(journal=journal)
    assert taken.done == 0
    assert reasons(taken)["IMG.jpg"] == f"stays a link, as {full}/a/IMG.jpg is gone"


def test_undo_needs_no_other_name_of_a_hard_link(full: Path, journal: Path) -> None:
    apply(planned(full, "hardlink"), journal=journal)
    (full / "a/IMG.jpg").unlink()
    assert undo(journal=journal).done == 2
    assert (full / "b/IMG.jpg").read_bytes() == SAME


def test_a_link_leads_to_the_photo_by_a_relative_path(full: Path, journal: Path) -> None:
    apply(planned(full, "symlink-same"), journal=journal)
    assert contents(full)["b/IMG.jpg"] == Link("../a/IMG.jpg")


def test_a_set_made_by_hand_cannot_take_what_another_one_keeps(full: Path, journal: Path) -> None:
    one, other = full / "a/IMG.jpg", full / "b/IMG.jpg"
    sets = [group(one, other), group(other, one)]
    plan = plan_to_free(sets, action="trash", keep=["path"])
    back = plan_to_free([sets[0], group(other, full / "b/\udcff \n%.jpg")], action="trash")
    for each in (plan, back):
        taken = {step.source for step in each.photos}
        kept = {step.kept.file.path for step in each.photos if step.kept}
        assert not taken & kept


def test_reflinks_share_the_blocks_of_a_file_system_that_can(tmp_path: Path, journal: Path) -> None:
    """Only on btrfs, xfs and their like: run pytest with --basetemp there."""
    tree = tmp_path / "real"
    make_files(tree, {"a.jpg": SAME * 9000, "b.jpg": SAME * 9000})
    before = read_tree(tree)
    plan = plan_to_free([group(tree / "a.jpg", tree / "b.jpg")], action="reflink", keep=["path"])
    try:
        receipt = apply(plan, journal=journal)
    except UsageError as error:
        pytest.skip(f"no reflinks here: {error}")
    assert receipt.done == 1
    assert read_tree(tree, times=False) == {
        name: (*value[:2], 0)
        for name, value in before.items()  # type: ignore[index]
    }
    assert undo(journal=journal).done == 1
    assert read_tree(tree) == before


def test_on_windows_the_trash_is_refused(full: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trash.sys, "platform", "win32")
    with pytest.raises(UsageError, match="on Windows"):
        planned(full, "trash")
