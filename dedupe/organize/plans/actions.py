"""What can be done with the groups: for each action, the step that puts one photo in its place."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dedupe.organize.files import checks
from dedupe.organize.files.place import Place
from dedupe.organize.steps import Step

if TYPE_CHECKING:
    from dedupe.photos.photo import Photo


@dataclass(frozen=True, slots=True)
class Action:
    """One way to bring the photos of a group together. None of them ever deletes a photo.

    Attributes:
        put: the steps that put a photo to a free name.
        stands: whether the name already is what `put` would make it, so that no step is needed.
        done: what the user is told: "linked", "moved", "copied".
        takes_away: True where the photo is no longer at its old place afterwards.
        along: the verb for what belongs to a photo and goes where it goes (`drafting.along`), other
            photos of its shot as well, in a set or not; "" where that stays, as links only show.
    """

    put: Callable[["Photo", Path], Iterator[Step]]
    stands: Callable[["Photo", Path], bool]
    done: str
    takes_away: bool = False
    along: str = ""


def link_text_for(source: Path, link: Path) -> str:
    """The relative text of a link at `link` that leads to the photo at `source`.

    Relative, so that the drive or the whole tree may be mounted elsewhere. From the real
    folders on both sides, as the system follows `..` through real folders, not through links.
    """
    there = real(source)
    try:
        return os.path.relpath(there, os.path.realpath(link.parent))
    except ValueError:  # two drives on Windows have no relative path
        return str(there)


def real(path: Path) -> Path:
    """The path of a photo without a link on the way; the photo itself is not followed."""
    return Path(os.path.realpath(path.parent), path.name)


def led_to(link: Path, text: str) -> Path:
    """Where a link leads, by a path without a link on the way; the file there is not followed."""
    return real(link.parent / text)


def _symlink(photo: "Photo", target: Path) -> Iterator[Step]:
    yield step_of("symlink", photo, target, link_text_for(photo.path, target))


def _links(photo: "Photo", target: Path) -> bool:
    return checks.link_text(Place.by_path(target)) == link_text_for(photo.path, target)


def _move(photo: "Photo", target: Path) -> Iterator[Step]:
    yield step_of("move", photo, target)


def _is_there(photo: "Photo", target: Path) -> bool:
    return real(photo.path) == target


def _copy(photo: "Photo", target: Path) -> Iterator[Step]:
    yield step_of("copy", photo, target)


def _has_copy(photo: "Photo", target: Path) -> bool:
    try:
        return checks.same_bytes(Place.by_path(target), photo.file, photo.content)
    except OSError:
        return False


ACTIONS: dict[str, Action] = {
    "symlink": Action(_symlink, _links, "linked"),
    "move": Action(_move, _is_there, "moved", takes_away=True, along="move_along"),
    "copy": Action(_copy, _has_copy, "copied", along="copy_along"),
}


def step_of(verb: str, photo: "Photo", target: Path, link: str = "") -> Step:
    """The step that does this to a photo as it was scanned."""
    return Step(
        verb=verb,
        source=real(photo.path),
        target=target,
        size=photo.file.size,
        mtime_ns=photo.file.mtime_ns,
        device=photo.file.device,
        inode=photo.file.inode,
        content=photo.content,
        link=link,
    )
