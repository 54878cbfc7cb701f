"""What belongs to a photo goes where it goes, stays where it stays, and comes back with it."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from beside import IDENTIFIER, WHEN, header, jpeg, raw, takeout, video, xmp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scene import rechecked
from trees import contents, group, make_files, photo, read_tree

from dedupe.organize.applying.apply import apply
from dedupe.organize.applying.undo import undo
from dedupe.organize.drafting.planning import make_plan
from dedupe.organize.journal.journal import Journal
from dedupe.organize.plans.actions import ACTIONS
from dedupe.organize.plans.plan import Plan
from dedupe.organize.protected import Protected
from dedupe.organize.saved.plan_file import document_for, plan_from, read_plan, save_plan
from dedupe.photos.companions import Companions
from dedupe.photos.headers import read_header
from dedupe.photos.photo import Photo

ALONG = [name for name, action in ACTIONS.items() if action.along]
OTHER = "Nikon D70"


def shot(path: Path) -> Photo:
    """A photo as a scan would know it."""
    known = read_header(path)
    return photo(path, taken=known.taken, camera=known.camera)


def names(plan: Plan) -> list[str]:
    return [os.path.relpath(step.target, plan.into) for step in plan.placed]


def planned(tree: Path, action: str = "move", *groups: list[str]) -> Plan:
    sets = groups or (["a/I.JPG", "b/I.JPG", "c/I.JPG"],)
    made = [group(*(shot(tree / name) for name in each)) for each in sets]
    return make_plan(made, keep=["largest"], action=action, into=tree / "out")


@pytest.fixture
def pair(tree: Path) -> Path:
    """A photo with sidecars, a copy of it that was saved smaller, and a better one that stays."""
    make_files(
        tree,
        {
            "a/I.JPG": jpeg() + b"larger",
            "a/I.xmp": xmp(WHEN),
            "a/I.JPG.json": takeout("I.JPG"),
            "a/I.MOV": b"no Live Photo",
            "a/J.xmp": b"of another one",
            "b/I.JPG": jpeg(),
            "c/I.JPG": jpeg() + b"the largest",
        },
    )
    return tree


@pytest.mark.parametrize("action", ALONG)
def test_sidecars_are_named_after_their_photos_new_name(pair: Path, action: str) -> None:
    before = read_tree(pair)
    plan = planned(pair, action)
    assert names(plan) == [
        "001 I/1 I.JPG",
        "001 I/2 I.JPG",
        "001 I/2 I.JPG.json",
        "001 I/2 I.xmp",
        "001 I/3 I.JPG",
    ]
    assert read_tree(pair) == before


@pytest.mark.parametrize("action", ALONG)
def test_they_are_put_beside_their_photo_and_taken_back_with_it(
    pair: Path, journal: Path, action: str
) -> None:
    before = read_tree(pair)
    receipt = apply(planned(pair, action), journal=journal)
    done = {"move": 2, "copy": 3}[action]
    assert (receipt.done, receipt.along, receipt.left) == (done, 2, ())
    after = contents(pair)
    assert after["out/001 I/2 I.xmp"] == xmp(WHEN)
    assert ("a/I.xmp" in after) is (action == "copy")
    assert "a/I.MOV" in after
    back = undo(journal=journal)
    assert (back.done, back.along) == (done, 2)
    assert read_tree(pair) == before


def test_links_only_show_photos(pair: Path) -> None:
    assert names(planned(pair, "symlink")) == [f"001 I/{rank} I.JPG" for rank in (1, 2, 3)]


def test_where_the_photo_to_keep_stays_its_sidecars_stay(pair: Path) -> None:
    (pair / "a/I.JPG").write_bytes(jpeg() + b"the largest of them all")
    plan = planned(pair)
    assert names(plan) == [f"001 I/{rank} I.JPG" for rank in (1, 2, 3)]
    assert [step.verb for step in plan.placed] == ["symlink", "move", "move"]


def test_a_live_photo_an_edit_and_a_numbered_json_keep_their_names_behind_the_number(
    tree: Path,
) -> None:
    live = header(camera="Apple iPhone 12", identifier=IDENTIFIER)
    make_files(
        tree,
        {
            "a/IMG_1.JPG": jpeg(live) + b"larger",
            "b/IMG_1.JPG": jpeg(header(camera=OTHER)),
            "a/IMG_1.MOV": video(),
            "c/IMG_1234.JPG": jpeg(live) + b"larger",
            "c/IMG_E1234.JPG": jpeg(live, colour=7),
            "c/IMG_1234.AAE": b"plist",
            "d/K(1).jpg": jpeg(),
            "d/K.jpg(1).json": takeout("K.jpg"),
        },
    )
    plan = planned(tree, "copy", ["a/IMG_1.JPG", "b/IMG_1.JPG"], ["c/IMG_1234.JPG", "d/K(1).jpg"])
    assert names(plan) == [
        "001 IMG_1/1 IMG_1.JPG",
        "001 IMG_1/1 IMG_1.MOV",
        "001 IMG_1/2 IMG_1.JPG",
        "002 IMG_1234/1 IMG_1234.JPG",
        "002 IMG_1234/1 IMG_E1234.JPG",
        "002 IMG_1234/1 IMG_1234.AAE",
        "002 IMG_1234/2 K(1).jpg",
        "002 IMG_1234/2 K.jpg(1).json",
    ]


@pytest.mark.parametrize("action", ALONG)
def test_a_photo_gets_another_name_where_that_of_its_sidecar_is_taken(
    pair: Path, journal: Path, action: str
) -> None:
    make_files(pair, {"out/001 I/2 i.XMP": b"somebody's"})
    made = [group(*(shot(pair / name / "I.JPG") for name in "abc"))]
    ours = {pair / "out/001 I": ""}
    plan = make_plan(made, keep=["largest"], action=action, into=pair / "out", ours=ours)
    assert names(plan)[1:4] == [
        "001 I/2 I (2).JPG",
        "001 I/2 I (2).JPG.json",
        "001 I/2 I (2).xmp",
    ]


def test_of_two_sidecars_of_one_name_in_another_case_the_second_stays_and_is_named(
    pair: Path,
) -> None:
    make_files(pair, {"a/I.XMP": xmp(WHEN)})
    plan = planned(pair)
    assert [(each.path.name, each.reason.split(" /")[0]) for each in plan.refusals] == [
        ("I.xmp", "stays, as its new name")
    ]


def test_a_sidecar_that_changes_after_the_plan_stays_and_is_named(
    pair: Path, journal: Path
) -> None:
    plan = planned(pair)
    (pair / "a/I.xmp").write_bytes(b"edited")
    receipt = apply(plan, journal=journal)
    assert [(each.path.name, each.reason[:13]) for each in receipt.left] == [
        ("I.xmp", "changed since")
    ]
    assert (receipt.done, receipt.along) == (2, 1)


@pytest.mark.parametrize("action", ALONG)
def test_where_the_photo_stays_its_sidecars_stay_also_after_a_stop(
    pair: Path, journal: Path, action: str
) -> None:
    plan = planned(pair, action)
    (pair / "a/I.JPG").write_bytes(b"edited")
    receipt = apply(plan, journal=journal)
    assert {each.path.name: each.reason[:21] for each in receipt.left} == {
        "I.JPG": "changed since: it had",
        "I.JPG.json": "stays with its photo",
        "I.xmp": "stays with its photo",
    }
    assert "a/I.xmp" in contents(pair)
    assert "out/001 I/2 I.xmp" not in contents(pair)


def test_where_the_photo_cannot_come_back_its_sidecars_stay_with_it(
    pair: Path, journal: Path
) -> None:
    apply(planned(pair), journal=journal)
    (pair / "out/001 I/2 I.JPG").write_bytes(b"edited")
    receipt = undo(journal=journal)
    assert receipt.done == 1
    assert [each.reason for each in receipt.left if each.path.suffix == ".xmp"] == [
        "stays with its photo"
    ]
    assert contents(pair)["out/001 I/2 I.xmp"] == xmp(WHEN)
    (pair / "out/001 I/2 I.JPG").write_bytes(jpeg() + b"larger")


@pytest.mark.parametrize("changed", ["I.CR2", "I.JPG"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_sidecar_of_two_is_never_parted_from_the_one_that_stays(
    backups: Path, journal: Path, changed: str, when: str
) -> None:
    plan = planned(backups, "move", *SETS)
    if when == "after":
        apply(plan, journal=journal)
    folder = backups / ("b" if when == "before" else "out/001 I")
    prefix = "" if when == "before" else "2 "
    (folder / f"{prefix}{changed}").write_bytes(b"edited")
    done = apply(plan, journal=journal) if when == "before" else undo(journal=journal)
    assert (folder / f"{prefix}I.xmp").exists()
    assert {each.path.name: each.reason for each in done.left}[f"{prefix}I.xmp"] == (
        "stays with its photo"
    )


@pytest.fixture
def backups(tree: Path) -> Path:
    """Two backups of a RAW with its JPEG and the XMP of both."""
    files: dict[str, bytes | None] = {}
    for folder in "ab":
        files |= {f"{folder}/I.CR2": raw(), f"{folder}/I.JPG": jpeg(), f"{folder}/I.xmp": xmp()}
    make_files(tree, files)
    return tree


SETS = (["a/I.CR2", "b/I.CR2"], ["a/I.JPG", "b/I.JPG"])


@pytest.mark.parametrize("action", ALONG)
def test_the_sets_of_one_shot_go_into_one_folder_each_raw_with_its_jpeg(
    backups: Path, journal: Path, action: str
) -> None:
    before = read_tree(backups)
    plan = planned(backups, action, *SETS)
    second = ["001 I/2 I.CR2", "001 I/2 I.JPG", "001 I/2 I.xmp"]
    first = ["001 I/1 I.CR2", "001 I/1 I.JPG"]  # shown by links of one rank, where it stays
    assert names(plan) == (
        [first[0], *second, first[1]] if action == "move" else [*first, "001 I/1 I.xmp", *second]
    )
    assert plan.refusals == ()
    receipt = apply(plan, journal=journal)
    assert (receipt.done, receipt.along) == ((1, 2) if action == "move" else (2, 4))
    if action == "move":
        links = sorted(path.name for path in (backups / "out/001 I").iterdir() if path.is_symlink())
        assert links == ["1 I.CR2", "1 I.JPG"]
        assert sorted(path.name for path in (backups / "a").iterdir()) == [
            *("I.CR2", "I.JPG", "I.xmp")
        ]
    undo(journal=journal)
    assert read_tree(backups) == before


def test_a_raw_in_no_set_goes_along_with_its_jpeg(backups: Path, journal: Path) -> None:
    plan = planned(backups, "move", SETS[1])
    assert names(plan)[1:] == ["001 I/2 I.JPG", "001 I/2 I.CR2", "001 I/2 I.xmp"]
    apply(plan, journal=journal)
    assert not list((backups / "b").iterdir())
    assert len(list((backups / "a").iterdir())) == 3


def test_a_sidecar_of_two_stays_where_one_of_them_stays(backups: Path) -> None:
    make_files(backups, {"c/I.CR2": raw(), "c/I.JPG": jpeg(), "c/I.xmp": xmp()})
    sets = [group(*(shot(backups / name) for name in [*each, f"c/{each[0][2:]}"])) for each in SETS]
    (backups / "b/I.CR2").write_bytes(b"edited")
    plan = make_plan(sets, keep=["largest"], action="move", into=backups / "out")
    assert {each.path.name: each.reason.split(" /")[0] for each in plan.refusals} == {
        "I.CR2": "changed since: it had 141 bytes, it has 6",
        "I.JPG": "stays, as",
    }
    assert {step.source.parent.name for step in plan.placed if step.moves} == {"c"}
    assert "001 I/2 I.JPG" in names(plan)  # shown by a link, as it stays
    assert "001 I/3 I.xmp" in names(plan)


def test_what_lies_in_a_protected_folder_stays_with_its_photos(backups: Path) -> None:
    sets = [group(*(shot(backups / name) for name in each)) for each in SETS]
    protected = Protected([backups / "a"])
    plan = make_plan(
        sets, keep=["largest"], action="move", into=backups / "out", protected=protected
    )
    moved = [step for step in plan.placed if step.moves]
    assert all(step.source.parent == backups / "b" for step in moved)
    assert len(moved) == 3


@pytest.mark.parametrize("action", ALONG)
def test_what_was_done_needs_nothing_when_it_is_planned_again(
    backups: Path, journal: Path, action: str
) -> None:
    first = planned(backups, action, *SETS)
    apply(first, journal=journal)
    sets = [
        group(shot(backups / f"a/I{suffix}"), shot(backups / f"out/001 I/2 I{suffix}"))
        if action == "move"
        else group(*(shot(backups / folder / f"I{suffix}") for folder in "ab"))
        for suffix in (".CR2", ".JPG")
    ]
    with Journal(journal) as book:
        ours = book.links_under(backups / "out")
    again = make_plan(sets, keep=["largest"], action=action, into=backups / "out", ours=ours)
    assert (again.steps, again.refusals) == ((), ())


# --- saved plans


@pytest.mark.parametrize("action", ALONG)
def test_a_saved_plan_has_a_line_for_each_and_does_the_same(
    backups: Path, journal: Path, tmp_path: Path, action: str
) -> None:
    plan = planned(backups, action, *SETS)
    save_plan(plan, tmp_path / "plan.json")
    assert read_plan(tmp_path / "plan.json") == plan
    text = (tmp_path / "plan.json").read_text("utf-8")
    assert text.count('"photo": "2 I.CR2"') == text.count('"photo": "2 I.JPG"') == 1
    assert rechecked(read_plan(tmp_path / "plan.json"), {}).steps == plan.steps
    apply(plan, journal=journal)
    assert rechecked(plan, {}).placed == ()


def test_without_its_photos_line_a_companion_stays(backups: Path, tmp_path: Path) -> None:
    save_plan(planned(backups, "move", *SETS), tmp_path / "plan.json")
    lines = (tmp_path / "plan.json").read_text("utf-8").splitlines(keepends=True)
    kept = [line for line in lines if '"name": "2 I.CR2"' not in line]
    (tmp_path / "plan.json").write_text("".join(kept), "utf-8")
    checked = rechecked(read_plan(tmp_path / "plan.json"), {})
    assert {each.reason for each in checked.refusals} >= {"stays with its photo"}
    assert all("2 I" not in step.target.name for step in checked.placed)


def test_a_plan_that_was_stopped_between_a_photo_and_its_sidecar_goes_on(
    pair: Path, journal: Path
) -> None:
    plan = planned(pair)
    cut = [step for step in plan.steps if not step.goes_along]
    apply(replace(plan, steps=tuple(cut)), journal=journal)
    again = rechecked(plan, {pair / "out/001 I": "", pair / "out": ""})
    assert [step.target.name for step in again.placed] == ["2 I.JPG.json", "2 I.xmp"]
    apply(again, journal=journal)
    assert "out/001 I/2 I.xmp" in contents(pair)


# --- whatever the tree


STEMS = st.sampled_from(["I", "IMG_1234", "IMG_E1234", "I-edited", "I(1)", "x" * 230])
CAMERAS = st.sampled_from(["Canon EOS 450D", OTHER, "Apple iPhone 12"])
ENDINGS = st.sampled_from([".xmp", ".JPG.xmp", ".AAE", ".JPG.json", ".MOV", ".XMP", ".pp3"])
SHOTS = st.lists(
    st.tuples(st.sampled_from("ab"), STEMS, st.sampled_from([".JPG", ".CR2"]), CAMERAS),
    min_size=2,
    max_size=8,
    unique_by=lambda each: each[:3],
)
SIDECARS = st.lists(st.tuples(st.sampled_from("ab"), STEMS, ENDINGS), max_size=8, unique=True)


def in_file(stem: str, ending: str) -> bytes:
    kinds = {".json": takeout(f"{stem}.JPG"), ".MOV": video()}
    return kinds.get(Path(stem + ending).suffix, xmp(WHEN if len(stem) % 2 else None))


@contextmanager
def made(shots: list[tuple[str, ...]], sidecars: list[tuple[str, ...]]) -> Iterator[Path]:
    base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    top = Path(tempfile.mkdtemp(dir=base))
    try:
        files: dict[str, bytes | None] = {}
        for folder, stem, ending in sidecars:
            files[f"{folder}/{stem}{ending}"] = in_file(stem, ending)
        for number, (folder, stem, suffix, camera) in enumerate(shots):
            exif = header(camera=camera, identifier=IDENTIFIER)
            data = raw(exif) if suffix == ".CR2" else jpeg(exif)
            files[f"{folder}/{stem}{suffix}"] = data + bytes([number])
        (top / "tree").mkdir()
        make_files(top / "tree", dict(files))
        yield top
    finally:
        shutil.rmtree(top)


@pytest.mark.parametrize("action", ALONG)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(shots=SHOTS, sidecars=SIDECARS, cut=st.integers(1, 8))
def test_companions_end_beside_their_photo_and_undo_is_as_if_nothing_had_been_done(
    action: str, shots: list[tuple[str, ...]], sidecars: list[tuple[str, ...]], cut: int
) -> None:
    with made(shots, sidecars) as top:
        tree = top / "tree"
        photos = [shot(tree / f"{folder}/{stem}{suffix}") for folder, stem, suffix, _ in shots]
        groups = [group(*each) for each in (photos[:cut], photos[cut:]) if len(each) > 1]
        before = read_tree(tree)
        belong = Companions()
        together = {
            each.path: {companion.path for companion in belong.together(each)} for each in photos
        }
        plan = make_plan(groups, action=action, into=tree / "out")
        assert plan_from(document_for(plan)) == plan
        receipt = apply(plan, journal=top / "journal.db")
        assert receipt.left == plan.refusals
        went = {(step.source, step.target.parent): step.target for step in plan.placed}
        assert len({step.target for step in plan.placed}) == len(plan.placed)
        said = {each.path for each in plan.refusals}
        for leader in plan.photos:
            for companion in together[leader.source]:
                if companion not in said:
                    assert went[companion, leader.target.parent].is_file()
        undo(journal=top / "journal.db", action=receipt.action)
        assert read_tree(tree) == before
