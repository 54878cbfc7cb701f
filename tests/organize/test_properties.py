"""Whatever the tree: apply loses nothing and overwrites nothing, undo gives the tree back."""

import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_trees import TREES
from trees import contents, group, make_files, read_tree
from watched import watched

from dedupe.organize.applying.apply import apply
from dedupe.organize.applying.undo import undo
from dedupe.organize.drafting.freeing import plan_to_free
from dedupe.organize.drafting.planning import make_plan
from dedupe.organize.drafting.pointing import with_links
from dedupe.organize.journal.journal import Journal
from dedupe.organize.plans.actions import ACTIONS
from dedupe.organize.plans.freeing import FREEING
from dedupe.organize.protected import NOTHING


@contextmanager
def made(tree: dict[str, bytes]) -> Iterator[tuple[Path, list[Path]]]:
    """The tree on disk."""
    base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    top = Path(tempfile.mkdtemp(dir=base))
    try:
        (top / "tree").mkdir()
        make_files(top / "tree", {**tree, "out": None})
        yield top, [top / "tree" / name for name in sorted(tree)]
    finally:
        shutil.rmtree(top)


def photos_in(tree: Path) -> Counter[bytes]:
    """How often each content is there; links are not followed."""
    return Counter(each for each in contents(tree).values() if isinstance(each, bytes))


def own_links(tree: Path, paths: list[Path], data: st.DataObject) -> list[Path]:
    """A person's links to some of the photos, relative or absolute, in a folder or beside them."""
    links = []
    drawn = data.draw(st.lists(st.tuples(st.sampled_from(paths), st.booleans(), st.booleans())))
    for number, (photo, absolute, beside) in enumerate(drawn):
        link = (photo.parent if beside else tree / "links") / f"link {number}"
        link.parent.mkdir(exist_ok=True)
        link.symlink_to(photo if absolute else os.path.relpath(photo, link.parent))
        links.append(link)
    return links


@pytest.mark.parametrize("action", ACTIONS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(tree=TREES, data=st.data())
def test_apply_then_undo_is_as_if_nothing_had_been_done(
    action: str, tree: dict[str, bytes], data: st.DataObject
) -> None:
    with made(tree) as (top, paths):
        if len(paths) < 2:
            return
        cut = data.draw(st.integers(2, len(paths)))
        shuffled = data.draw(st.permutations(paths))
        parts = [shuffled[:cut], shuffled[cut:]]
        groups = [group(*part) for part in parts if len(part) >= 2]
        links = own_links(top / "tree", paths, data)
        behind = {link: link.read_bytes() for link in links}
        before = read_tree(top / "tree")
        bytes_before = photos_in(top / "tree")
        for into in ["tree/out", "tree/out/new"]:
            journal = top / "journal.db"
            with Journal(journal) as book:
                ours = book.links_under(top / into)
            with watched(top / "tree") as changes:
                plan = make_plan(groups, action=action, into=top / into, ours=ours)
                plan = with_links(plan, [*links, *ours], NOTHING)
                assert str(plan)
            assert changes == []
            receipt = apply(plan, journal=journal)
            assert receipt.left == ()
            after = read_tree(top / "tree")
            # no set is ever left without a photo in its place, just as it was
            aside = top / into if action == "move" else Path("/nowhere")
            in_place = [[path for path in part if aside not in path.parents] for part in parts]
            for part in in_place:
                names = [os.path.relpath(path, top / "tree") for path in part]
                stayed = [name for name in names if after.get(name) == before[name]]
                assert len(stayed) == (min(1, len(part)) if action == "move" else len(part))
            assert {link: link.read_bytes() for link in links} == behind
            if action == "move":
                assert len(plan.photos) == sum(len(part) - 1 for part in in_place if part)
                for step in plan.photos:
                    there = set(step.target.parent.iterdir()) - set(links)
                    shown = [path for path in there if path.is_symlink()]
                    assert step.kept is not None
                    assert [path.resolve() for path in shown] == [step.kept.file.path.resolve()]
            left = photos_in(top / "tree")
            assert bytes_before <= left
            if action == "move":
                assert bytes_before == left
            undo(journal=journal, action=receipt.action)
            assert read_tree(top / "tree") == before


@pytest.mark.skipif(sys.platform != "linux", reason="the trash of freedesktop.org")
@pytest.mark.parametrize("action", sorted(set(FREEING) - {"reflink"}))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(tree=TREES, data=st.data())
def test_what_frees_space_keeps_one_of_each_set_and_each_content_and_undo_gives_back_all(
    action: str, tree: dict[str, bytes], data: st.DataObject
) -> None:
    few = {name: content[:1] for name, content in tree.items()}  # many are the same
    with made(few) as (top, paths), pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(top / "home"))
        (top / "home").mkdir()
        if len(paths) < 2:
            return
        named = data.draw(st.lists(st.sampled_from(paths))) if action == "trash" else []
        before, bytes_before = read_tree(top / "tree"), set(contents(top / "tree").values())
        plan = plan_to_free([group(*paths)], action=action, named=named)
        kept = {step.kept.file.path for step in plan.photos if step.kept}
        receipt = apply(plan, journal=top / "journal.db")
        assert receipt.left == plan.refusals
        assert receipt.done == len(plan.photos)
        after = read_tree(top / "tree")
        for path in kept:
            name = path.relative_to(top / "tree").as_posix()
            assert after[name] == before[name]
        if not named:
            assert bytes_before <= set(contents(top / "tree").values())
        assert any(path.is_file() and not path.is_symlink() for path in paths)
        undo(journal=top / "journal.db", action=receipt.action)
        assert read_tree(top / "tree") == before
