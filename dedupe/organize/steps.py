"""What a plan is made of, and what is left of it afterwards: pure data."""

import os
from dataclasses import dataclass
from pathlib import Path

from dedupe.photos.photo import PhotoFile

PHOTO_VERBS = (
    *("symlink", "move", "copy"),
    *("trash", "hardlink", "reflink", "symlink-same"),
)
"""The verbs that do something with a photo; the others make or tidy the place for it."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The photo of a set that stays where it is while another one of the set goes.

    Attributes:
        file: as it was scanned.
        content: blake3 of its bytes (32 bytes).
    """

    file: PhotoFile
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One change on disk, small enough to be done whole or not at all.

    Both paths are real: no folder on the way is a link when the step is planned. One that is a
    link when the step is done, or taken back, is refused.

    Attributes:
        verb: a name in `applying.verbs.VERBS`: mkdir, rmdir, symlink, unlink, relink, move, copy,
            trash, hardlink, reflink, symlink-same; move_along and copy_along for what belongs
            to a photo and goes where it goes.
        target: what appears, or for rmdir and unlink what goes; for relink a link of the user's
            that is to lead to the new place of a photo; for hardlink, reflink and
            symlink-same what is replaced. Where trash puts a photo is not known before
            `apply`: until then it is the photo itself.
        source: the photo that is linked, moved, copied, trashed or replaced; `target` itself
            for the others.
        size: of the photo when it was scanned, in bytes; 0 where there is none. A relink has
            the photo that it leads to.
        mtime_ns: of the photo when it was scanned, likewise device and inode.
        device: number of its file system.
        inode: number of it there.
        content: blake3 of its bytes (32 bytes), b"" where there is no photo.
        link: the text of the link, for symlink, unlink and symlink-same; for relink the
            new one; for trash what the file beside the trashed photo says of it; for what goes
            along, the name that its photo has in the same folder.
        was: the old text, for relink.
        mode: permissions of a photo that moves or is replaced: exFAT and hard links forget
            them, undo must not. `apply` notes them; 0 in a plan. Of a folder to make, if not 0.
        attributes: its extended attributes by name, likewise.
        kept: the photo of its set that stays, where a photo is moved, trashed or replaced; it is
            looked at once more right before the change.
    """

    verb: str
    target: Path
    source: Path
    size: int = 0
    mtime_ns: int = 0
    device: int = 0
    inode: int = 0
    content: bytes = b""
    link: str = ""
    was: str = ""
    mode: int = 0
    attributes: tuple[tuple[str, bytes], ...] = ()
    kept: Kept | None = None

    @property
    def file(self) -> PhotoFile:
        """The photo as it was scanned."""
        return PhotoFile(
            path=self.source,
            size=self.size,
            mtime_ns=self.mtime_ns,
            device=self.device,
            inode=self.inode,
        )

    @property
    def leads_to(self) -> Path:
        """Where a photo is whose link is re-pointed: the new place, by the new text."""
        return Path(os.path.normpath(self.target.parent / self.link))

    @property
    def is_photo(self) -> bool:
        """True where a photo is put somewhere; False for what makes or tidies the place."""
        return self.verb in PHOTO_VERBS

    @property
    def goes_along(self) -> bool:
        """True where it is no photo of a set that is put there, but what belongs to one."""
        return self.verb in {"move_along", "copy_along"}

    @property
    def moves(self) -> bool:
        """True where a file goes from its place."""
        return self.verb in {"move", "move_along"}

    @property
    def photo(self) -> Path:
        """The place of the photo that is put there, or without which this stays."""
        return self.target.with_name(self.link) if self.goes_along else self.target


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something that was not done, and why.

    Attributes:
        path: of the file or folder that was left alone.
        reason: half a sentence that follows the path: "changed since it was scanned".
    """

    path: Path
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What was done, with the number under which it can be taken back.

    Attributes:
        journal: where it is written down.
        action: its number there; 0 where there was nothing to do.
        name: of the action: "symlink", "move", "copy", "trash", "hardlink", "reflink",
            "symlink-same".
        into: the folder it was for; of what frees space, the one that its photos are below.
        done: photos linked, moved, copied, trashed or replaced; after undo: those taken back.
        along: files that belong to these photos, and went along with them.
        folders: made; after undo: removed again.
        bytes: of the photos moved, copied, trashed or replaced; links are counted as 0.
        links: of the user's that lead to moved photos and were re-pointed; after undo: those
            that say again what they said.
        left: what was refused or failed, each with its reason; all the rest was done.
    """

    journal: Path
    action: int
    name: str
    into: Path
    done: int = 0
    along: int = 0
    folders: int = 0
    bytes: int = 0
    links: int = 0
    left: tuple[Refusal, ...] = ()
