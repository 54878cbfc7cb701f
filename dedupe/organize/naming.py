"""Names for the folders of groups and for the photos in them."""

import itertools
import os
import unicodedata
from collections.abc import Iterator
from pathlib import Path

# File systems count a name in bytes (ext4, xfs, apfs: 255) or in UTF-16 units (NTFS, exFAT:
# 255), and no text has more units than UTF-8 bytes. eCryptfs allows 143, and says so itself.
NAME_MAX = 255
# Of a folder's name: enough to know the photo by, short enough for Windows' paths of 260.
_STEM_MAX = 80
# What is longer is no extension, but a sentence with a dot in it.
_SUFFIX_MAX = 32
_FORBIDDEN = frozenset('<>:"/\\|?*')  # by Windows and exFAT, where a folder may be copied to


def clash_key(name: str) -> str:
    """What two names have in common where a file system holds them for one.

    NFC and NFD of a name are one file on macOS, upper and lower case are one on macOS, Windows
    and every memory card.
    """
    folded = unicodedata.normalize("NFC", name).casefold()
    return unicodedata.normalize("NFC", folded)


def folder_name(number: int, width: int, stem: str) -> str:
    """Name the folder of a group: `001 IMG_20190714_101512`.

    Args:
        number: of the group, counted from 1.
        width: digits to pad it to.
        stem: of the best photo; whatever not every file system and terminal takes is left out.

    Returns:
        At most 100 bytes of UTF-8 without control characters or a trailing dot or space.
    """
    return f"{number:0{width}d} {_everywhere(stem)}"


def cluster_folder_name(name: str) -> str:
    """Name the folder of a cluster: `kind 2019-08-03, Sicily`, behind those of the groups.

    Args:
        name: of the cluster; whatever not every file system and terminal takes is left out.

    Returns:
        At most 100 bytes of UTF-8 without control characters or a trailing dot or space.
    """
    return f"kind {_everywhere(name)}"


def folder_names(wanted: str) -> Iterator[str]:
    """Names for the folder of a group, the wanted one first, then ` (2)`, ` (3)` without end."""
    yield wanted
    yield from (f"{wanted} ({number})" for number in itertools.count(2))


def photo_names(prefix: str, name: str, limit: int = NAME_MAX) -> Iterator[str]:
    """Names for a photo, the wanted one first, then ` (2)`, ` (3)` and so on without end.

    The photo's own name follows `prefix` byte for byte, and is shortened only where the whole
    is longer than `limit` bytes; its extension is kept.
    """
    yield joined(prefix, name, "", limit)
    yield from (joined(prefix, name, f" ({number})", limit) for number in itertools.count(2))


def name_beside(own: str, placed: str, name: str) -> str | None:
    """Name what belongs to a photo as its photo is named: `1 IMG.jpg` has `1 IMG.jpg.xmp`.

    Args:
        own: the name that the photo has now.
        placed: the one that it will have.
        name: of what belongs to it, now.

    Returns:
        Its own ending behind the photo's new name or stem, whichever it has before it now; None
        where it has neither.
    """
    for now, then in ((own, placed), (Path(own).stem, Path(placed).stem)):
        if name[: len(now)].casefold() == now.casefold():
            return then + name[len(now) :]
    return None


def name_limit(folder: Path) -> int:
    """How many bytes a name may have in `folder`, which need not exist yet."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        return min(NAME_MAX, os.pathconf(folder, "PC_NAME_MAX"))
    except (AttributeError, OSError, ValueError):  # Windows has no pathconf, some mounts no answer
        return NAME_MAX


def _everywhere(words: str) -> str:
    """What every file system and terminal takes of some words, at most _STEM_MAX bytes."""
    kept = "".join(
        " " if character.isspace() else character for character in words if _fits(character)
    )
    cut = kept.encode()[:_STEM_MAX].decode(errors="ignore")
    return " ".join(cut.split()).rstrip(". ") or "photos"


def _fits(character: str) -> bool:
    if character in _FORBIDDEN:
        return False
    return character.isspace() or unicodedata.category(character) not in {
        "Cc",
        "Cf",
        "Cs",
        "Cn",
        "Co",
    }


def joined(prefix: str, name: str, mark: str, limit: int = NAME_MAX) -> str:
    """A name with something before it and a mark before its extension, shortened to `limit`."""
    stem, suffix = Path(name).stem, Path(name).suffix
    if len(os.fsencode(suffix)) > _SUFFIX_MAX:
        stem, suffix = name, ""
    room = limit - len(os.fsencode(prefix + mark + suffix))
    return prefix + _shortened(stem, room) + mark + suffix


def _shortened(stem: str, room: int) -> str:
    """The first `room` bytes of a name, not cutting a character in two."""
    raw = os.fsencode(stem)
    if len(raw) <= room:
        return stem
    # a cut in the middle of a UTF-8 character would make a name that macOS refuses
    while room and (raw[room] & 0xC0) == 0x80:
        room -= 1
    return os.fsdecode(raw[:room])
