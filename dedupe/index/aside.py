"""Setting a damaged index aside, so that a scan can make it anew."""

import os
from contextlib import suppress
from pathlib import Path

from dedupe.errors import IndexProblem
from dedupe.index.lock import WriteLock
from dedupe.index.schema import damaged, is_ours
from dedupe.index.vectors import each_beside


def note_damage(index: Path) -> None:
    """Leave word for the next scan, which may not come across the damage itself.

    A scan of unchanged photos reads no vector: it would leave a damaged one for ever.
    """
    with suppress(OSError):  # where nothing can be written, the next scan will say so
        _note(index).touch()


def refuse_noted(index: Path) -> None:
    """Refuse an index in which another command came across damage.

    Raises:
        IndexDamaged: there is such a word.
    """
    if _note(index).exists() and index.exists():
        raise damaged(index, "another command found it so")


def _note(index: Path) -> Path:
    return index.with_name(f"{index.name}.is-damaged")


def set_aside(index: Path) -> Path:
    """Rename an index and what lies beside it to `index.db.damaged-1`, or the next free number.

    Nothing is deleted or overwritten. The index itself goes after its vectors: a kill on the
    way leaves an index without them, which is damaged, too.

    Args:
        index: one that raised IndexDamaged; closed.

    Returns:
        The new name of the index.

    Raises:
        IndexProblem: it is not one of ours, a scan is using it, or it cannot be renamed.
    """
    lock = WriteLock(index)
    lock.acquire()
    try:
        if not is_ours(index):
            raise IndexProblem(
                f"{index} is no index of dedupe", "name another file with --index or DEDUPE_INDEX"
            )
        # with the journal of SQLite last: what is in it belongs to the index
        sides = [index.with_name(index.name + ending) for ending in ("-wal", "-shm")]
        old = [*each_beside(index), index, *(side for side in sides if os.path.lexists(side))]
        moved_to = _rename(index, old)
        _note(index).unlink(missing_ok=True)
        return moved_to
    except OSError as error:
        raise IndexProblem(
            f"the damaged index {index} cannot be set aside: {error.strerror or error}",
            "check the rights of its folder, or name another place with --index or DEDUPE_INDEX",
        ) from error
    finally:
        lock.release()


def last_aside(index: Path) -> Path | None:
    """The index that was set aside last at this place, if any was."""
    number = 0
    while (aside := index.with_name(f"{index.name}.damaged-{number + 1}")).is_file():
        number, last = number + 1, aside
    return last if number else None


def _rename(index: Path, old: list[Path]) -> Path:
    number = 1
    while _taken(aside := index.with_name(f"{index.name}.damaged-{number}")):
        number += 1
    for path in old:
        path.rename(index.with_name(aside.name + path.name.removeprefix(index.name)))
    return aside


def _taken(aside: Path) -> bool:
    """Whether anything of that name, or beginning with it, is there."""
    return any(
        path.name == aside.name or path.name.startswith((f"{aside.name}.", f"{aside.name}-"))
        for path in aside.parent.iterdir()
    )
