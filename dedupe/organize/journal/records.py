"""The rows of the journal as Python sees them, and back."""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from dedupe.organize.steps import Kept, Step
from dedupe.photos.photo import PhotoFile

STEP_COLUMNS = "verb, source, target, size, mtime_ns, device, inode, content, link, mode, was"
KEPT_COLUMNS = "path, size, mtime_ns, device, inode, content"
ENTRY_COLUMNS = f"seq, {STEP_COLUMNS}, state, reason, made_mtime_ns, made_device, made_inode"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A step as the journal knows it.

    Attributes:
        step: what to do.
        seq: its place in the plan, from 0.
        state: planned, intent (under way, or cut off), done, failed, undone.
        reason: why it failed or was refused, "" otherwise.
        made: the photo at its new place, None where it is not known or there is none.
    """

    step: Step
    seq: int
    state: str
    reason: str
    made: PhotoFile | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What becomes of a step: written to the journal in the next transaction."""

    seq: int
    state: str
    reason: str = ""
    made: PhotoFile | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """An action as the journal knows it.

    Attributes:
        id: its number, counted from 1 in the order of time.
        action: "symlink", "move", "copy", or a name in `plans.freeing.FREEING`.
        into: the folder it was for, or that its photos are below.
        started: local time.
        state: running (or cut off), done, undoing (or cut off), undone.
        photos: how many it was to link, move, copy, trash or replace.
        bytes: of these photos.
        standing: of how many of them that stands now.
        ahead: how many of them it has not come to.
        links: how many links of the user's it was to re-point to moved photos.
        token: random, part of the names of its unfinished copies.
        unfinished: whether it runs or was cut off, and `recover` would go on with it.
    """

    id: int
    action: str
    into: Path
    started: datetime
    state: str
    photos: int
    bytes: int
    standing: int
    ahead: int
    links: int = 0
    token: str
    unfinished: bool = False


@dataclass(frozen=True, slots=True)
class FolderTimes:
    """A folder as it was before an action first changed it."""

    path: Path
    mode: int
    atime_ns: int
    mtime_ns: int


def step_row(step: Step) -> tuple[object, ...]:
    """The values of STEP_COLUMNS."""
    return (
        step.verb,
        os.fsencode(step.source),
        os.fsencode(step.target),
        step.size,
        step.mtime_ns,
        str(step.device),
        str(step.inode),
        step.content,
        os.fsencode(step.link),
        step.mode,
        os.fsencode(step.was),
    )


def record(row: Sequence[Any]) -> Record:
    """An action out of its columns and counts, as `Journal.records` selects them."""
    number, action, into, started, state, token, photos, standing, ahead, links, size = row
    return Record(
        id=number,
        action=action,
        into=path(into),
        started=datetime.fromtimestamp(started),
        state=state,
        photos=photos,
        bytes=size,
        standing=standing,
        ahead=ahead,
        links=links,
        token=token,
    )


def with_unfinished(actions: Iterable[Record]) -> list[Record]:
    """All actions, oldest first, those marked that were cut off and can be gone on with.

    One that was begun again as another action is left at that: what it had ahead is done, or
    its photos are elsewhere by now.
    """
    found: list[Record] = []
    later = False
    for each in sorted(actions, key=lambda action: -action.id):
        cut_off = each.state == "undoing" or (each.state == "running" and not later)
        found.append(replace(each, unfinished=cut_off))
        later = later or each.state != "undone"
    return found[::-1]


def kept_row(kept: Kept) -> tuple[object, ...]:
    """The values of KEPT_COLUMNS."""
    file = kept.file
    numbers = (file.size, file.mtime_ns, str(file.device), str(file.inode))
    return (os.fsencode(file.path), *numbers, kept.content)


def kept(row: Sequence[Any]) -> Kept:
    """The photo that stays, out of the values of KEPT_COLUMNS."""
    where, size, mtime_ns, device, inode, content = row
    file = PhotoFile(
        path=path(where), size=size, mtime_ns=mtime_ns, device=int(device), inode=int(inode)
    )
    return Kept(file, content)


def entry(
    row: Sequence[Any], attributes: tuple[tuple[str, bytes], ...], stays: Kept | None = None
) -> Entry:
    """An entry out of the values of ENTRY_COLUMNS, with what other tables know of its photo."""
    seq, verb, source, target, size, mtime_ns, device, inode, content, link, mode, was = row[:12]
    state, reason, made_mtime_ns, made_device, made_inode = row[12:]
    made = None
    if made_mtime_ns is not None:
        made = PhotoFile(
            path=path(target),
            size=size,
            mtime_ns=made_mtime_ns,
            device=int(made_device),
            inode=int(made_inode),
        )
    step = Step(
        verb=verb,
        source=path(source),
        target=path(target),
        size=size,
        mtime_ns=mtime_ns,
        device=int(device),
        inode=int(inode),
        content=content,
        link=os.fsdecode(link),
        was=os.fsdecode(was),
        mode=mode,
        attributes=attributes,
        kept=stays,
    )
    return Entry(step=step, seq=seq, state=state, reason=reason, made=made)


def folder_rows(folders: Iterable[Path]) -> Iterator[tuple[bytes, int, int, int]]:
    """Path, mode, atime_ns and mtime_ns of those folders that exist.

    Raises:
        OSError: one cannot be looked at.
    """
    for folder in sorted(set(folders)):
        with suppress(FileNotFoundError, NotADirectoryError):
            found = folder.stat()
            yield os.fsencode(folder), found.st_mode & 0o7777, found.st_atime_ns, found.st_mtime_ns


def path(raw: bytes) -> Path:
    """A path out of the bytes that the system knows it by."""
    return Path(os.fsdecode(raw))
