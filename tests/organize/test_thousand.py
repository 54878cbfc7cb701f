"""The promise at the size of a real folder: 1,000 files with every odd name there is."""

import itertools
import os
import random
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from trees import Content, Link, contents, group, make_files, read_tree

from dedupe.errors import Interrupted
from dedupe.organize.applying.apply import apply
from dedupe.organize.applying.recover import recover
from dedupe.organize.applying.undo import undo
from dedupe.organize.drafting.planning import make_plan

NAMES = [
    "IMG_0001.jpg",
    "img_0001.JPG",
    "é.jpg",
    "e\u0301.jpg",
    "new\nline.jpg",
    "\x1b[2J\x07.jpg",
    os.fsdecode(b"caf\xe9\xff.jpg"),
    "-rf.jpg",
    "--help",
    " lead and trail ",
    "x" * 251 + ".jpg",
    "写" * 83 + ".png",
    ".hidden.jpg",
    "$(touch PWNED).jpg",
    "001 IMG_0001.jpg",
    "gpj.\u202eexe.jpg",
]


@pytest.fixture
def thousand(tree: Path) -> Iterator[Path]:
    """Folders that hold the same names again and again; one in five is read-only."""
    files: dict[str, Content] = {}
    for number in range(1000):
        name = NAMES[number % len(NAMES)]
        files[f"{number // len(NAMES):02d}/{'sub/' * (number % 3)}{name}"] = (
            f"{number}".encode() * 9
        )
    make_files(tree, files)
    for folder in sorted(tree.iterdir())[::5]:
        folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
    yield tree
    for folder in tree.iterdir():
        if folder.is_dir():
            folder.chmod(stat.S_IRWXU)


def test_moving_a_thousand_odd_files_and_undo_restores_the_tree_exactly(
    thousand: Path, journal: Path
) -> None:
    paths = [path for path in thousand.rglob("*") if path.is_file()]
    assert len(paths) == 1000
    random.Random(1).shuffle(paths)
    groups = [group(*paths[start : start + 4]) for start in range(0, 1000, 4)]
    before = read_tree(thousand)
    known = sorted(map(repr, contents(thousand).values()))

    plan = make_plan(groups, action="move", into=thousand / "out")
    assert len(plan.refusals) == 0
    kept = {step.kept.file.path for step in plan.photos if step.kept}
    assert (len(kept), len(plan.photos)) == (250, 750)
    countdown = itertools.count()
    with pytest.raises(Interrupted):
        apply(plan, journal=journal, stop=lambda: next(countdown) > 500)
    (receipt,) = recover(journal=journal)
    assert receipt.done > 250
    put = [path for path in (thousand / "out").rglob("*") if path.is_file()]
    links = [path for path in put if path.is_symlink()]
    assert {path.resolve() for path in links} == kept
    assert all(path.name.startswith("1 ") for path in links)
    if all(os.access(folder, os.W_OK) for folder in thousand.iterdir()):  # root may
        assert len(put) == 1000
    else:
        assert all("could not be moved" in refusal.reason for refusal in receipt.left)
    files = [each for each in contents(thousand).values() if not isinstance(each, Link)]
    assert sorted(map(repr, files)) == known
    after = read_tree(thousand)
    for path in kept:  # no set is left without a photo in its place
        name = os.path.relpath(path, thousand)
        assert after[name] == before[name]

    undo(journal=journal)
    assert read_tree(thousand) == before
