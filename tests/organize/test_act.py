"""Acting with the journal of an index: the index follows what was moved."""

import os
import signal
from pathlib import Path

import numpy as np
import pytest
from trees import group, make_files, photo

from dedupe.errors import Interrupted
from dedupe.index.store import Index
from dedupe.organize.act import apply, make_plan, undo
from dedupe.progress import Silent


class CtrlC(Silent):
    """A person who stops the action after its second step."""

    def __init__(self) -> None:
        self.steps = 0

    def advance(self, count: int = 1) -> None:
        self.steps += count
        if self.steps == 4:  # two folders, the link to the one that stays, then the first photo
            os.kill(os.getpid(), signal.SIGINT)


def remembered(index: Path) -> set[Path]:
    with Index(index) as store:
        photos, *_ = store.photos(store.last_encoder(), ())
        return {one.path for one in photos}


def test_the_index_follows_a_move_that_was_stopped_half_way_and_its_undo(
    tree: Path, tmp_path: Path
) -> None:
    make_files(tree, {"a.jpg": b"A", "b.jpg": b"B", "best.jpg": b"the best"})
    photos = [photo(tree / name) for name in ("a.jpg", "b.jpg", "best.jpg")]
    index = tmp_path / "index.db"
    with Index(index, create=True) as store, store.batch():
        encoder = store.encoder("quick", "quick-1", 4)
        store.use_encoder(encoder)
        store.remember_photos(encoder, photos, np.zeros((3, 4), np.float32), [None] * 3)
        store.remember_files(photos)
    plan = make_plan([group(*photos)], action="move", into=tree / "out", index=index)
    with pytest.raises(Interrupted):
        apply(plan, index=index, progress=CtrlC())
    stays = {tree / "b.jpg", tree / "best.jpg"}
    assert remembered(index) == {tree / "out" / "001 best" / "2 a.jpg", *stays}
    undo(index=index)
    assert remembered(index) == {tree / "a.jpg", *stays}
