"""Whether every photo of one folder is in others, as good or better; and if not, why not."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dedupe.errors import UsageError
from dedupe.index.library import open_library
from dedupe.index.rows import below
from dedupe.matching.folders.covering import Candidate, Covering, named, names_of
from dedupe.matching.pairs.relations import Relation
from dedupe.matching.pairs.standing import look_below, refuse_missing, state_of
from dedupe.matching.sets.sides import known_folders
from dedupe.names import safe
from dedupe.photos.discover import absolute
from dedupe.photos.photo import Photo
from dedupe.progress import Progress, Silent

NOTHING = "nothing alike"
NOT_COMPARED = "not compared: scanned with --no-thumbnails"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """Whether one file of a folder is covered.

    Attributes:
        path: of the file.
        photo: what the scan knew of it, under this path; None where it could not read it, or
            where it came after the scan.
        by: the photo that covers it, under the name that does; if none does, the one that
            comes nearest to it; None where nothing is alike.
        relation: what `by` is to it.
        reason: "" if it is covered; else why not, in words that may follow its path.
    """

    path: Path
    photo: Photo | None = None
    by: Photo | None = None
    relation: Relation | None = None
    reason: str = ""

    @property
    def covered(self) -> bool:
        """Whether another file holds as good a picture, or a better one."""
        return not self.reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What `covered` found out.

    Attributes:
        old: the folder that was asked about.
        by: the folders that its photos were looked for in.
        answers: of every photo in the folder, and of every file that may be one; sorted by path.
        others: how many other files, links and folders are there: videos, texts, what was
            left out. Whether these are anywhere else was not looked at.
    """

    old: Path
    by: tuple[Path, ...]
    answers: tuple[Cover, ...]
    others: int

    @property
    def missing(self) -> tuple[Cover, ...]:
        """Those that are not covered."""
        return tuple(answer for answer in self.answers if not answer.covered)


def covered(
    old: Path | str,
    by: Iterable[Path | str] | Path | str,
    *,
    index: Path | None = None,
    encoder: str | None = None,
    device: str = "auto",
    progress: Progress | None = None,
) -> Coverage:
    """Find out whether every photo of a folder is in some others, as good or better.

    A photo is covered by the same file; by the same pixels with its capture time and place; or
    by the same picture, proved as `verify` does and looked at again in both files: whole, upright,
    of no fewer pixels, no poorer by what is known of its quality, nothing laid over it, with
    capture time and place. What is in doubt is not covered (decision 18).

    No photo is changed. Files that may cover another must be there with the size and time that
    they were scanned with, and must not be hard links of files in the folder; their bytes are
    not read again, but where two files are laid on each other.

    Args:
        old: a folder that was scanned, or one photo.
        by: folders that were scanned, none of them within `old` nor around it.
        index: the index file; DEDUPE_INDEX or the one in the user's data folder if None.
        encoder: whose vectors; those of the last scan if None.
        device: "auto", "cpu", "cuda" or "mps", for the distances.
        progress: told of what is compared.

    Returns:
        An answer for every photo.

    Raises:
        UsageError: two of the folders are within each other, or no photo below one is known.
        IndexProblem: there is no index, it cannot be used, or a folder was not scanned yet.
        RootMissing: a folder is not there now.
        DeviceMissing: the device is not on this machine.
    """
    folder = absolute(old)
    where = [by] if isinstance(by, (str, Path)) else list(by)
    if not where:
        raise UsageError("there is nothing to look in", "name a folder with --by")
    _refuse_nested(folder, [absolute(each) for each in where])
    library = open_library([folder, *where], index=index, encoder=encoder)
    folders = known_folders(library, where)
    refuse_missing([folder, *folders])
    is_old, is_by = below([folder]), below(folders)
    skips = [skip for skip in library.skips if is_old(os.fsencode(skip.path))]
    olds = [
        (name, photo)
        for photo in library.photos
        for name in names_of(photo)
        if is_old(_bytes(name))
    ]
    now = look_below(folder, (name for name, _ in olds), skips)
    if not (olds or now.faults):
        raise UsageError(
            f"no photo below {safe(folder)} is known", f"run `dedupe scan {safe(folder)}` first"
        )
    covering = Covering(
        library, now, lambda name: is_by(_bytes(name)), device, progress or Silent()
    )
    states = {name: state_of(photo, name, now) for name, photo in olds}
    found, unseen = covering.closest(photo for name, photo in olds if not states[name])
    answers = {path: Cover(path=path, reason=why) for path, why in now.faults.items()}
    for name, photo in olds:
        best = found.get(photo.content)
        why = states[name] or _reason(best, unseen=photo.content in unseen)
        answers[name] = _answer(named(photo, name), None if states[name] else best, why)
    return Coverage(
        old=folder,
        by=folders,
        answers=tuple(answers[path] for path in sorted(answers, key=_bytes)),
        others=now.others,
    )


def _refuse_nested(folder: Path, others: Sequence[Path]) -> None:
    for other in others:
        if folder == other:
            raise UsageError(f"{safe(other)} cannot cover itself", "name another folder with --by")
        if other.is_relative_to(folder):
            raise UsageError(
                f"{safe(other)} is within {safe(folder)}, and would go where that goes",
                "name a folder outside of it with --by",
            )
        if folder.is_relative_to(other):
            raise UsageError(
                f"{safe(folder)} is within {safe(other)}, and its photos would cover themselves",
                "name the folders beside it with --by",
            )


def _reason(best: Candidate | None, *, unseen: bool) -> str:
    if best is None:
        return NOT_COMPARED if unseen else NOTHING
    return f"only {', '.join(best.missing)}" if best.missing else ""


def _answer(photo: Photo, best: Candidate | None, reason: str) -> Cover:
    if best is None:
        return Cover(path=photo.path, photo=photo, reason=reason)
    return Cover(path=photo.path, photo=photo, by=best.photo, relation=best.relation, reason=reason)


def _bytes(path: Path) -> bytes:
    return os.fsencode(path)
