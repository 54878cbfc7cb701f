"""Saved plans that free space: the same when read again, confirmed by hand, or refused."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from trees import Content, contents, group, make_files, photo, read_tree

from dedupe.errors import PlanRefused
from dedupe.organize.applying.apply import apply
from dedupe.organize.applying.undo import undo
from dedupe.organize.drafting.freeing import plan_to_free
from dedupe.organize.journal.journal import Journal
from dedupe.organize.plans.freeing import FREEING, FreeingPlan
from dedupe.organize.saved.freeing_recheck import recheck_freeing
from dedupe.organize.saved.plan_file import read_plan, save_plan

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="its trash is not used")

TREE: dict[str, Content] = {
    "in/a.jpg": b"the same bytes",
    "in/b\udcff\n.jpg": b"the same bytes",
    "in/c.jpg": b"somewhat alike",
    "in/d.jpg": b"alike as well",
    "home": None,
}


@pytest.fixture
def full(tree: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    make_files(tree, TREE)
    monkeypatch.setenv("XDG_DATA_HOME", str(tree / "home"))
    return tree


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "plan.json"


def saved(full: Path, file: Path, action: str = "trash") -> FreeingPlan:
    sets = [group(*(full / name for name in list(TREE)[:4]))]
    plan = plan_to_free(sets, action=action, keep=["path"])
    save_plan(plan, file)
    return plan


def read(file: Path, journal: Path) -> FreeingPlan:
    plan = read_plan(file)
    assert isinstance(plan, FreeingPlan)
    trashed = set()
    if journal.exists():
        with Journal(journal) as book:
            trashed = book.gone_from()
    return recheck_freeing(plan, trashed)


def edit(file: Path, change: Callable[[dict[str, Any]], None]) -> None:
    document = json.loads(file.read_text())
    change(document)
    file.write_text(json.dumps(document))


@pytest.mark.parametrize("action", FREEING)
def test_a_plan_is_the_same_when_it_is_read_again_and_when_it_is_looked_at_again(
    full: Path, file: Path, journal: Path, action: str
) -> None:
    plan = saved(full, file, action)
    assert read_plan(file) == plan
    again = read(file, journal)
    assert (again.steps, again.doubts, again.relations) == (
        plan.steps,
        plan.doubts,
        plan.relations,
    )


def test_only_what_a_person_has_confirmed_goes(full: Path, file: Path, journal: Path) -> None:
    before = read_tree(full)
    saved(full, file)
    text = file.read_text()
    assert text.count('"confirmed": false') == 2
    lines = text.splitlines(keepends=True)
    changed = [
        line.replace('"confirmed": false', '"confirmed": true') if "c.jpg" in line else line
        for line in lines
    ]
    file.write_text("".join(changed))
    plan = read(file, journal)
    assert {step.source.name for step in plan.photos} == {"b\udcff\n.jpg", "c.jpg"}
    assert [doubt.step.source.name for doubt in plan.doubts] == ["d.jpg"]
    apply(plan, journal=journal)
    left = {name for name in contents(full) if name.startswith("in/")}
    assert left == {"in/a.jpg", "in/d.jpg"}
    undo(journal=journal)
    assert read_tree(full) == before


def test_a_plan_that_was_applied_has_nothing_left_to_do(
    full: Path, file: Path, journal: Path
) -> None:
    saved(full, file)
    apply(read(file, journal), journal=journal)
    again = read(file, journal)
    assert (again.steps, again.refusals, again.standing) == ((), (), 1)


@pytest.mark.parametrize("name", ["in/a.jpg", "in/b\udcff\n.jpg"])
def test_what_has_changed_since_stays_with_a_reason(
    full: Path, file: Path, journal: Path, name: str
) -> None:
    saved(full, file)
    (full / name).write_bytes(b"edited")
    plan = read(file, journal)
    assert plan.steps == ()
    assert "changed since" in plan.refusals[0].reason


def _set(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["sets"][0]
    return found


def _take_the_kept(document: dict[str, Any]) -> None:
    kept = dict(_set(document)["kept"])
    path = kept.pop("path")
    step = {"verb": "trash", "source": path, **kept, "relation": "same file"}
    _set(document)["steps"].append(step)


def _take_the_kept_of_another_set(document: dict[str, Any]) -> None:
    """Each of two sets keeps what the other takes: in the end nothing would stay."""
    first = _set(document)
    step = next(each for each in first["steps"] if each["relation"] == "same file")
    kept = {name.replace("source", "path"): value for name, value in step.items()}
    for name in ("verb", "relation"):
        del kept[name]
    taken = {name.replace("path", "source"): value for name, value in first["kept"].items()}
    other = {"verb": "trash", **taken, "relation": "same file"}
    document["sets"].append({"kept": kept, "steps": [other]})


def _other(name: str, value: object) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        _set(document)["steps"][-1][name] = value

    return change


HOSTILE: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "takes the one to keep": (_take_the_kept, "one photo of a set stays"),
    "takes what another set keeps": (_take_the_kept_of_another_set, "one photo of a set stays"),
    "keeps nothing": (lambda it: _set(it).pop("kept"), "kept, is no object"),
    "two sets around one": (lambda it: it["sets"].append(_set(it)), "two sets that keep"),
    "takes one twice": (
        lambda it: _set(it)["steps"].append(_set(it)["steps"][0]),
        "twice",
    ),
    "calls a look-alike the same file": (_other("relation", "same file"), "is not the same file"),
    "a relation that there is not": (_other("relation", "whatever"), "relation 'whatever'"),
    "confirmed by a word": (_other("confirmed", "yes"), "no confirmed that is a true or false"),
    "not said whether confirmed": (
        lambda it: _set(it)["steps"][-1].pop("confirmed"),
        "no confirmed that is",
    ),
    "another verb": (_other("verb", "move"), "has the verb 'move'"),
    "a field that no plan has": (_other("target", "/"), "has a field 'target'"),
    "outside": (_other("source", "/etc/passwd"), "is outside of"),
    "a way out": (_other("source", "/in/../x"), "not absolute"),
    "protected": (
        lambda it: it["protected"].append({"path": it["into"]}),
        "out of a protected folder",
    ),
    "another action": (lambda it: it.update(action="hardlink"), "in a plan that is to hardlink"),
    "no such action": (
        lambda it: it.update(action="delete"),
        "known are symlink, move, copy, trash",
    ),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_plan_that_does_what_no_plan_does_is_refused_as_a_whole(
    full: Path, file: Path, what: str
) -> None:
    before = read_tree(full)
    saved(full, file)
    change, words = HOSTILE[what]
    edit(file, change)
    with pytest.raises(PlanRefused) as refused:
        read_plan(file)
    assert words in str(refused.value)
    assert read_tree(full) == before


def test_a_photo_that_is_only_alike_is_never_replaced(full: Path, file: Path) -> None:
    saved(full, file, "hardlink")
    edit(file, lambda it: _set(it)["steps"][-1].update(relation="look-alike", content="00" * 32))
    with pytest.raises(PlanRefused, match="is to be replaced, and is not the same file"):
        read_plan(file)


def test_the_very_file_that_stays_is_not_taken_by_another_of_its_names(
    full: Path, journal: Path
) -> None:
    os.link(full / "in/a.jpg", full / "in/second.jpg")
    pair = group(photo(full / "in/a.jpg"), photo(full / "in/second.jpg"))
    plan = plan_to_free([pair], action="trash", keep=["path"])
    assert plan.steps == ()
    assert "is the very file that stays" in plan.refusals[0].reason
