"""What a photo has beside its pixels, and who leads to it, decide whether a rule may trash it."""

import sys
from pathlib import Path

import pytest
from PIL import Image
from trees import group, make_files, photo

from dedupe.index.store import Index
from dedupe.organize import act
from dedupe.organize.drafting.freeing import plan_to_free
from dedupe.organize.drafting.pointing import without_linked
from dedupe.organize.plans.freeing import FREEING
from dedupe.organize.saved.plan_file import save_plan
from dedupe.photos.photo import Photo, Skip
from dedupe.photos.walk import IS_LINK

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="its trash is not used")

PIXELS = {"pixel_hash": b"p" * 32, "reduced": 1}
MOTION = b'<x:xmpmeta><rdf:Description GCamera:MotionPhoto="1"/></x:xmpmeta>'


@pytest.fixture
def tree(tree: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    make_files(tree, {"a.jpg": b"same", "b.jpg": b"same", "c.jpg": b"same", "home": None})
    monkeypatch.setenv("XDG_DATA_HOME", str(tree / "home"))
    monkeypatch.setattr(sys, "platform", "linux")  # a Mac has another trash
    return tree


def pair(tree: Path, **known: object) -> list[Photo]:
    (tree / "b.jpg").write_bytes(b"other bytes")
    return [photo(tree / "a.jpg", **PIXELS), photo(tree / "b.jpg", **PIXELS, **known)]


def test_a_photo_with_a_second_picture_in_it_is_not_trashed_for_its_first_one(tree: Path) -> None:
    plan = plan_to_free([group(*pair(tree, format="MPO"))], action="trash", keep=["path"])
    assert plan.photos == ()
    assert [(each.step.source.name, each.relation) for each in plan.doubts] == [
        ("b.jpg", "same picture")
    ]


def test_a_photo_with_a_video_in_it_is_not_trashed_for_its_picture(tree: Path) -> None:
    Image.new("RGB", (8, 8)).save(tree / "b.jpg", xmp=MOTION)
    known = [photo(tree / "a.jpg", **PIXELS), photo(tree / "b.jpg", **PIXELS)]
    plan = plan_to_free([group(*known)], action="trash", keep=["path"])
    assert (plan.photos, len(plan.doubts)) == ((), 1)


def test_the_same_file_may_go_whatever_is_in_it(tree: Path) -> None:
    known = [photo(tree / name, format="MPO") for name in ("a.jpg", "b.jpg")]
    plan = plan_to_free([group(*known)], action="trash", keep=["path"])
    assert [step.source.name for step in plan.photos] == ["b.jpg"]


def test_what_a_link_of_a_person_leads_to_is_not_trashed(tree: Path) -> None:
    (tree / "mine").symlink_to("b.jpg")
    groups = [group(tree / "a.jpg", tree / "b.jpg", tree / "c.jpg")]
    plan = plan_to_free(groups, action="trash", keep=["path"])
    found = without_linked(plan, [tree / "mine", tree / "c.jpg"])
    assert [step.source.name for step in found.photos] == ["c.jpg"]
    assert [(each.path.name, each.reason) for each in found.refusals] == [
        ("b.jpg", f"stays, as a link leads to it: {tree / 'mine'}")
    ]
    assert dict(found.relations).keys() == {tree / "c.jpg"}


def seen_link(tree: Path, index: Path) -> None:
    """A person's link to b.jpg, as a scan remembers it."""
    (tree / "mine").symlink_to("b.jpg")
    with Index(index, create=True, lock=True) as store:
        store.remember_skip(Skip(tree / "mine", IS_LINK, False))


@pytest.mark.parametrize("action", FREEING)
def test_links_are_known_from_the_scan_and_lead_on_to_what_is_replaced(
    tree: Path, tmp_path: Path, action: str
) -> None:
    index = tmp_path / "index.db"
    seen_link(tree, index)
    groups = [group(tree / "a.jpg", tree / "b.jpg")]
    plan = act.plan_to_free(groups, action=action, keep=["path"], index=index)
    refused, gone = [each.path.name for each in plan.refusals], len(plan.photos)
    assert (refused, gone) == ((["b.jpg"], 0) if action == "trash" else ([], 1))


def test_a_link_that_was_seen_after_a_plan_was_saved_keeps_its_photo(
    tree: Path, tmp_path: Path
) -> None:
    index, file = tmp_path / "index.db", tmp_path / "plan.json"
    groups = [group(tree / "a.jpg", tree / "b.jpg")]
    plan = act.plan_to_free(groups, action="trash", keep=["path"], index=index)
    save_plan(plan, file)
    assert len(act.load_plan(file, index=index).photos) == 1
    seen_link(tree, index)
    again = act.load_plan(file, index=index)
    assert again.photos == ()
    assert [each.path.name for each in again.refusals] == ["b.jpg"]
