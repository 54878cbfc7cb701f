"""A plan in a file: the same when read again, and refused where it does what no plan does."""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scene import ODD, plan_for
from trees import group, make_files, read_tree

from dedupe.errors import PlanRefused, UsageError
from dedupe.organize.drafting.planning import make_plan
from dedupe.organize.naming import clash_key
from dedupe.organize.plans.actions import ACTIONS
from dedupe.organize.plans.aside import AsidePlan
from dedupe.organize.plans.plan import Plan, make_folder
from dedupe.organize.saved.document import Flaw
from dedupe.organize.saved.plan_file import document_for, plan_from, read_plan, save_plan
from dedupe.organize.steps import Kept, Refusal, Step
from dedupe.photos.photo import PhotoFile

SAMPLES = Path(__file__).resolve().parents[2] / "sample_photos"

# any bytes but those that no name can have
NAMES = (
    st.one_of(
        st.binary(min_size=1, max_size=12),
        st.text(min_size=1, max_size=8).map(lambda text: text.encode("utf-8", "ignore")),
    )
    .map(lambda raw: os.fsdecode(raw.replace(b"\0", b"0").replace(b"/", b"-")))
    .filter(lambda name: name not in ("", ".", ".."))
)
PATHS = st.lists(NAMES, min_size=1, max_size=3).map(lambda names: Path("/", *names))
NUMBERS = st.integers(0, (1 << 63) - 1)


FILES = st.builds(
    PhotoFile,
    path=PATHS,
    size=NUMBERS,
    mtime_ns=st.integers(-(1 << 63), (1 << 63) - 1),
    device=st.integers(0, (1 << 64) - 1),
    inode=st.integers(0, (1 << 64) - 1),
)
HASHES = st.binary(min_size=32, max_size=32)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Plans as `make_plan` gives them, of files that need not be."""
    action = draw(st.sampled_from(sorted(ACTIONS)))
    into = Path("/into") / draw(NAMES)
    steps: list[Step] = []
    made: list[Path] = []
    reasons: list[tuple[Path, str]] = []
    files = iter(draw(st.lists(FILES, max_size=8, unique_by=lambda file: file.path)))
    for folder in draw(st.lists(NAMES, max_size=3, unique_by=clash_key)):
        names = draw(st.lists(NAMES, min_size=2, max_size=3, unique_by=clash_key))
        photos = [
            draw(_steps(action, file, into / folder / name))
            for name, file in zip(names, files, strict=False)
        ]
        if action == "move":
            photos = _shown(photos, link=draw(NAMES))
            reasons += [(photos[0].source, draw(st.text(max_size=9)))] if photos else []
        new = [into / folder] if photos and draw(st.booleans()) else []
        made += new
        steps += [*([] if action == "move" else map(make_folder, new)), *photos]
    above = [into.parent, into][draw(st.integers(0, 2)) :] if steps else []
    if action == "move":
        above += made
    links = draw(st.lists(NAMES, max_size=2, unique=True))
    tidying = [
        Step(verb="unlink", source=into / "old" / name, target=into / "old" / name, link=name)
        for name in links
    ]
    facts: dict[str, Any] = {
        "action": action,
        "into": into,
        "steps": (*tidying, *map(make_folder, above), *steps),
        "refusals": tuple(
            draw(st.lists(st.builds(Refusal, PATHS, st.text(max_size=9)), max_size=2))
        ),
        "standing": draw(NUMBERS),
        "protected": tuple(draw(st.lists(NAMES, max_size=2).map(_elsewhere))),
        "stays": tuple(draw(st.lists(PATHS, max_size=2))),
    }
    return (
        AsidePlan(**facts, root=None, reasons=tuple(reasons)) if action == "move" else Plan(**facts)
    )


@st.composite
def _steps(draw: st.DrawFn, verb: str, file: PhotoFile, target: Path) -> Step:
    return Step(
        verb=verb,
        source=file.path,
        target=target,
        size=file.size,
        mtime_ns=file.mtime_ns,
        device=file.device,
        inode=file.inode,
        content=draw(HASHES),
        link=draw(NAMES) if verb == "symlink" else "",
    )


def _shown(steps: list[Step], link: str) -> list[Step]:
    """The first one stays and is shown by a link, the others go; all of a set that is none."""
    if len(steps) < 2:
        return []
    kept = Kept(steps[0].file, steps[0].content)
    shown = replace(steps[0], verb="symlink", link=link, kept=kept)
    return [shown, *(replace(step, kept=kept) for step in steps[1:])]


def _elsewhere(names: list[str]) -> list[Path]:
    return [Path("/protected") / name for name in names]


def _is_in(path: Path, folders: tuple[Path, ...]) -> bool:
    return any(folder in (path, *path.parents) for folder in folders)


@settings(max_examples=200, deadline=None)
@given(plans())
def test_a_plan_that_is_saved_and_read_again_is_the_same_plan(plan: Plan) -> None:
    if any(_is_in(step.source, plan.protected) for step in plan.photos):
        return
    text = json.dumps(document_for(plan))
    assert plan_from(json.loads(text)) == plan


@pytest.mark.parametrize("action", ACTIONS)
def test_a_plan_of_odd_names_goes_through_a_file_byte_for_byte(
    full: Path, tmp_path: Path, action: str
) -> None:
    plan = plan_for(full, action, into="new/out\udcfe")
    save_plan(plan, tmp_path / "plan.json")
    assert read_plan(tmp_path / "plan.json") == plan
    assert any(step.source.name == ODD for step in plan.placed)


@pytest.mark.parametrize("action", ACTIONS)
def test_a_plan_of_real_photos_goes_through_a_file_and_leaves_them_alone(
    tree: Path, tmp_path: Path, action: str
) -> None:
    for number, photo in enumerate(sorted(SAMPLES.rglob("*.jpg"))[:4]):
        shutil.copy2(photo, tree / f"{number} {photo.name}")
    photos = sorted(tree.iterdir())
    before = read_tree(tree)
    plan = make_plan([group(*photos[:2]), group(*photos[2:])], action=action, into=tree / "sets")
    save_plan(plan, tmp_path / "plan.json")
    assert read_plan(tmp_path / "plan.json") == plan
    assert read_tree(tree) == before


def test_a_person_can_read_it_and_a_terminal_obeys_nothing_in_it(
    full: Path, tmp_path: Path
) -> None:
    make_files(full, {"d/Käfer im März.jpg": b"1", "d/\x1b[2J.jpg": b"22"})
    photos = [full / "d/Käfer im März.jpg", full / "d/\x1b[2J.jpg"]
    save_plan(make_plan([group(*photos)], action="copy", into=full / "out"), tmp_path / "plan")
    text = (tmp_path / "plan").read_text("utf-8")
    assert "Delete steps or whole sets" in text
    assert "Käfer im März.jpg" in text
    assert all(line.isprintable() for line in text.splitlines())
    # a line for each step, to be deleted with an editor
    assert sum('"verb": "copy"' in line for line in text.splitlines()) == 2


@pytest.mark.parametrize("action", ACTIONS)
def test_what_is_deleted_from_the_file_is_not_done(full: Path, tmp_path: Path, action: str) -> None:
    plan = plan_for(full, action)
    save_plan(plan, tmp_path / "plan.json")
    document = json.loads((tmp_path / "plan.json").read_text())
    gone = document["sets"].pop(0)
    document["sets"][0]["steps"].pop()
    left = plan_from(document)
    assert len(left.placed) == len(plan.placed) - len(gone["steps"]) - 1
    assert set(left.steps) < set(plan.steps)
    del document["sets"][0]["steps"][:]
    assert plan_from(document).steps == ()


def test_a_file_that_is_there_is_not_overwritten(full: Path, tmp_path: Path) -> None:
    plan = plan_for(full, "copy")
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "link").symlink_to("nowhere")
    for name in ("mine", "link"):
        with pytest.raises(UsageError, match="is there already"):
            save_plan(plan, tmp_path / name)
    assert (tmp_path / "mine").read_text() == "mine"
    assert not (tmp_path / "nowhere").exists()
    with pytest.raises(UsageError, match="cannot be saved"):
        save_plan(plan, tmp_path / "absent/plan.json")


# --- what is refused


Change = Callable[[dict[str, Any]], None]


def _plain(document: dict[str, Any]) -> dict[str, Any]:
    step: dict[str, Any] = document["sets"][0]["steps"][1]  # before it is one of an odd name
    return step


def _taken_twice(document: dict[str, Any]) -> None:
    document["sets"][1]["steps"][1]["source"] = document["sets"][0]["steps"][1]["source"]


def _take_the_kept_one(document: dict[str, Any]) -> None:
    document["sets"][1]["steps"][1]["source"] = document["sets"][1]["kept"]["path"]


def _take_all(document: dict[str, Any]) -> None:
    """Move the one to keep as well, in place of its link."""
    a_set = document["sets"][1]
    a_set["steps"][0] = {**a_set["steps"][1], "source": a_set["kept"]["path"], "name": "1 g.heic"}


def _keep_each_others(document: dict[str, Any]) -> None:
    """Let each of two sets take what the other one keeps."""
    one, other = document["sets"]
    other["steps"][0] = {**one["steps"][1], "source": other["kept"]["path"], "name": "x"}
    other["kept"]["path"] = one["steps"][1]["source"]


def _link_to_a_moved_one(document: dict[str, Any]) -> None:
    document["sets"][1]["steps"][0]["source"] = document["sets"][1]["steps"][1]["source"]


def _moved_as_before(document: dict[str, Any]) -> None:
    """A document as it was when whole sets were moved."""
    document["dedupe_plan"] = 1
    for a_set in document["sets"]:
        del a_set["kept"], a_set["why"]
        a_set |= {"folder": a_set["steps"][0]["folder"], "new": True}
        for step in a_set["steps"]:
            del step["folder"]


def _protect(document: dict[str, Any]) -> None:
    source = Path(document["sets"][1]["steps"][0]["source"])
    document["protected"] = [{"path": str(source.parent)}]


REFUSED: dict[str, tuple[Change, str]] = {
    "version 3": (lambda plan: plan.update(dedupe_plan=3), "has version 3, known is 2"),
    "no version": (lambda plan: plan.pop("dedupe_plan"), "is no plan of dedupe"),
    "an action": (lambda plan: plan.update(action="delete"), "has the action 'delete'"),
    "a verb": (lambda plan: _plain(plan).update(verb="delete"), "has the verb 'delete'"),
    "another verb": (lambda plan: _plain(plan).update(verb="trash"), "has the verb 'trash'"),
    "a relative source": (lambda plan: plan["sets"][1]["steps"][0].update(source="a/b.jpg"), "abs"),
    "dots": (lambda plan: plan["sets"][1]["steps"][0].update(source="/a/../b"), "not absolute"),
    "a relative folder": (lambda plan: plan.update(into="out"), "not absolute"),
    "out of its set": (lambda plan: _plain(plan).update(name="../x.jpg"), "out of its folder"),
    "an absolute name": (lambda plan: _plain(plan).update(name="/etc/x"), "out of its folder"),
    "one set twice": (lambda plan: plan["sets"].append(plan["sets"][0]), "has two sets "),
    "one name twice": (
        lambda plan: plan["sets"][1]["steps"][1].update(name=plan["sets"][1]["steps"][0]["name"]),
        "twice",
    ),
    "a protected folder": (
        lambda plan: plan.update(protected=[{"path": str(Path(plan["into"]).parent)}]),
        "is in a protected folder",
    ),
    "a new field": (lambda plan: _plain(plan).update(force=True), "has a field 'force'"),
    "a new field above": (lambda plan: plan.update(then="rm"), "has a field 'then'"),
    "no bytes": (lambda plan: _plain(plan).pop("bytes"), "set 1, step 2 has no bytes"),
    "half a byte": (lambda plan: _plain(plan).update(bytes=0.5), "has no bytes"),
    "yes for a number": (lambda plan: _plain(plan).update(bytes=True), "cannot be"),
    "less than nothing": (lambda plan: _plain(plan).update(bytes=-1), "cannot be"),
    "too much": (lambda plan: _plain(plan).update(inode=1 << 64), "cannot be"),
    "no hash": (lambda plan: _plain(plan).update(content="00"), "is no hash"),
    "no content": (lambda plan: _plain(plan).update(content=""), "is no hash"),
    "a NUL": (lambda plan: plan.update(into="/a\0b"), "no into that can be read"),
    "a lone surrogate": (lambda plan: plan.update(into="/a\udcff"), "no into that can be read"),
    "no base64": (lambda plan: plan.update(into=None, into_base64="?"), "no into that can be"),
    "sets that are none": (lambda plan: plan.update(sets=[1]), "set 1 is no object"),
    "no list": (lambda plan: plan.update(sets={}), "has no sets that is a list"),
    "tidying elsewhere": (
        lambda plan: plan.update(tidy=[{"verb": "unlink", "path": "/etc/x", "link": "y"}]),
        "is outside of",
    ),
    "tidying photos": (
        lambda plan: plan.update(tidy=[{"verb": "move", "path": plan["into"] + "/x"}]),
        "is not for tidying",
    ),
    "folders elsewhere": (
        lambda plan: plan.update(new_folders=[{"path": "/elsewhere"}]),
        "do not lead to its folder",
    ),
}


OF_COPIES: dict[str, tuple[Change, str]] = {
    "version 2": (lambda plan: plan.update(dedupe_plan=2), "version 2, and not an action of that"),
    "a tree": (lambda plan: plan.update(tree="/a"), "has a field 'tree'"),
    "what stays": (lambda plan: plan["sets"][0].update(kept={}), "has a field 'kept'"),
    "out of all": (lambda plan: plan["sets"][0].update(folder=".."), "leads out of its folder"),
    "a set in another case": (
        lambda plan: plan["sets"].append({"folder": "002 G", "new": True, "steps": []}),
        "has two sets for",
    ),
}
OF_MOVES: dict[str, tuple[Change, str]] = {
    "version 1": (lambda plan: plan.update(dedupe_plan=1), "moves whole sets: now one photo of"),
    "whole sets": (_moved_as_before, "is of an older dedupe, and moves whole sets"),
    "an action of version 1": (lambda plan: plan.update(action="copy"), "not an action of that"),
    "a tree": (lambda plan: plan.update(tree="/a"), "has the verb 'symlink'"),
    "out of all": (lambda plan: _plain(plan).update(folder=".."), "leads out of its folder"),
    "deeper": (lambda plan: _plain(plan).update(folder="a/b"), "leads out of its folder"),
    "one photo twice": (_taken_twice, "twice"),
    "a protected photo": (_protect, "out of a protected folder"),
    "nothing stays": (lambda plan: plan["sets"][0].pop("kept"), "set 1, kept, is no object"),
    "the one to keep goes": (_take_the_kept_one, "which is to be kept: one of a set stays"),
    "all of a set": (_take_all, "which is to be kept: one of a set stays"),
    "each keeps what another takes": (_keep_each_others, "which is to be kept: one of a set stays"),
    "a link to what goes": (_link_to_a_moved_one, "which does not stay"),
    "another one to keep": (
        lambda plan: _plain(plan).update(kept=plan["sets"][1]["kept"]),
        "keeps another photo than its set",
    ),
    "what is aside is kept": (
        lambda plan: plan["sets"][1]["kept"].update(path=plan["into"] + "/001 x/1 x.jpg"),
        "is not in its place, but put aside",
    ),
    "what is aside goes": (
        lambda plan: plan["sets"][1]["steps"][1].update(source=plan["into"] + "/001 x/1 x.jpg"),
        "which is put aside already",
    ),
}


@pytest.mark.parametrize(
    ("action", "change", "words"),
    [
        *(("move", *each) for each in (REFUSED | OF_MOVES).values()),
        *(("copy", *each) for each in (REFUSED | OF_COPIES).values()),
    ],
    ids=[
        *(f"move, {name}" for name in REFUSED | OF_MOVES),
        *(f"copy, {name}" for name in REFUSED | OF_COPIES),
    ],
)
def test_a_plan_that_does_what_no_plan_does_is_refused_in_a_sentence(
    full: Path, tmp_path: Path, action: str, change: Change, words: str
) -> None:
    document = document_for(plan_for(full, action))
    change(document)
    (tmp_path / "plan.json").write_text(json.dumps(document))
    with pytest.raises(PlanRefused, match="is refused: ") as refused:
        read_plan(tmp_path / "plan.json")
    assert words in str(refused.value)
    assert "nothing was done" in refused.value.hint
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"\xff\xfe", b"null", b"[]", b"7", b'"plan"', b"{}", b'{"dedupe_plan": 1}'),
        *(b"[" * 100_000, b'{"dedupe_plan": ' + b"9" * 5000 + b"}"),
        b'{"dedupe_plan": 1, "dedupe_plan": 1}',
    ],
    ids=range(11),
)
def test_a_file_that_is_no_plan_is_refused_in_a_sentence(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "plan.json").write_bytes(data)
    with pytest.raises(PlanRefused, match=r"plan\.json is refused: "):
        read_plan(tmp_path / "plan.json")


def test_a_plan_that_is_not_there_or_a_folder_is_refused_in_a_sentence(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "absent"):
        with pytest.raises(PlanRefused, match="cannot be read"):
            read_plan(path)


def test_a_plan_that_was_cut_anywhere_is_refused(full: Path, tmp_path: Path) -> None:
    save_plan(plan_for(full, "move"), tmp_path / "plan.json")
    whole = (tmp_path / "plan.json").read_bytes()
    for length in range(0, len(whole) - 2, 7):
        (tmp_path / "plan.json").write_bytes(whole[:length])
        with pytest.raises(PlanRefused):
            read_plan(tmp_path / "plan.json")


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(plan=plans(), data=st.data())
def test_whatever_stands_in_a_field_the_plan_is_refused_or_does_nothing_elsewhere(
    plan: Plan, data: st.DataObject
) -> None:
    document = document_for(plan)
    field = data.draw(st.sampled_from(sorted(document)))
    document[field] = data.draw(ANYTHING)
    try:
        left = plan_from(document)
    except Flaw:
        return
    assert all(left.into in step.target.parents for step in left.steps if step.verb != "mkdir")
    assert set(left.steps) <= {*plan.steps, *(make_folder(step.target) for step in plan.steps)}


def test_neither_the_order_of_fields_nor_a_byte_order_mark_matters(
    full: Path, tmp_path: Path
) -> None:
    plan = replace(plan_for(full, "copy"), protected=(full / "d",))
    document = document_for(plan)
    text = json.dumps(dict(reversed(document.items())))
    (tmp_path / "plan.json").write_text("\ufeff" + text, "utf-8")
    assert read_plan(tmp_path / "plan.json") == plan
