"""Which JSON of Google Takeout belongs to which photo: by its name, and by the title in it."""

import json
import re
from pathlib import Path
from typing import Any

from dedupe.photos.shots import family

# Takeout cuts what stands before ".json" to so many characters, and a photo's name to 47 and its
# extension; 46 is what exports have, 51 with the extension.
_CUT = 46
_LONG = "supplemental-metadata"
_NUMBERED = re.compile(r"(.*)\((\d+)\)", re.DOTALL)
_RANK = re.compile(r"\d+ (?=.)")
MOST_BYTES = 1 << 20


def may_describe(sidecar: str, photo: str) -> bool:
    """Whether a JSON is named as Takeout names that of a photo; its title must prove it.

    `IMG.jpg.json`, `IMG.jpg.supplemental-metadata.json` and what is left of it where the name
    was too long; `IMG.jpg(1).json` and `IMG.jpg.supplemental-metadata(1).json` of `IMG(1).jpg`;
    that of `IMG.jpg` also of `IMG-edited.jpg`.
    """
    words = sidecar[: -len(".json")] if sidecar.lower().endswith(".json") else ""
    if not words:
        return False
    stem, suffix = Path(photo).stem, Path(photo).suffix
    if _fits(words, photo):  # also ours: `1 IMG(1).jpg.json` of `1 IMG(1).jpg`
        return True
    numbered = _NUMBERED.fullmatch(stem)
    stem, number = (numbered[1], numbered[2]) if numbered else (stem, None)
    given = _NUMBERED.fullmatch(words)
    words, own = (given[1], given[2]) if given else (words, None)
    bare = _unedited(stem)
    return number == own and any(_fits(words, each + suffix) for each in {stem, bare})


def title_of(data: bytes) -> str:
    """The title in a JSON of Takeout; "" where it is no such JSON."""
    try:
        found: Any = json.loads(data)
    except (ValueError, RecursionError):
        return ""
    title = found.get("title") if isinstance(found, dict) else None
    return title if isinstance(title, str) else ""


def is_title_of(title: str, photo: str) -> bool:
    """Whether the title in a JSON is the name that a photo had before it was exported.

    The export replaces characters, cuts, and numbers names that are there twice.
    """
    stem, suffix = Path(photo).stem, Path(photo).suffix
    numbered = _NUMBERED.fullmatch(stem)
    stems = {stem, _unedited(stem)}
    if numbered:
        stems |= {numbered[1], _unedited(numbered[1])}
    stems |= {_RANK.sub("", each, count=1) for each in stems}  # where dedupe moved it to
    titled = Path(title)
    # a title may lack the extension, which Takeout then adds
    wholes = {_plain(title)}
    if titled.suffix.lower() == suffix.lower():
        wholes.add(_plain(titled.stem))
    for each in map(_plain, stems):
        if each in wholes or (len(each) >= _CUT and any(w.startswith(each) for w in wholes)):
            return True
    return False


def is_tail(ending: str) -> bool:
    """Whether an ending is what is left of `supplemental-metadata`, or all of it."""
    return _LONG.startswith(ending.casefold())


def cut_of_photo(photo: str) -> str:
    """What the JSON of a photo begins with where its name is cut."""
    stem, suffix = Path(photo).stem, Path(photo).suffix
    numbered = _NUMBERED.fullmatch(stem)
    bare = _unedited(numbered[1] if numbered else stem)
    return f"{bare}{suffix}.{_LONG}".casefold()[:_CUT]


def cut_of_json(sidecar: str) -> str:
    """What `cut_of_photo` is of its photo; "" where the name of a JSON is too short to be cut."""
    words = sidecar[: -len(".json")].casefold()
    numbered = _NUMBERED.fullmatch(words)
    words = numbered[1] if numbered else words
    return words[:_CUT] if len(words) >= _CUT else ""


def _fits(words: str, photo: str) -> bool:
    """Whether the words before ".json" are those for a photo's name, whole or cut."""
    words, photo = words.casefold(), photo.casefold()
    if words == photo:
        return True
    if words.startswith(f"{photo}."):
        return _LONG.startswith(words[len(photo) + 1 :])
    # the name alone is too long
    return len(words) >= _CUT and f"{photo}.{_LONG}".startswith(words)


def _unedited(stem: str) -> str:
    bare = family(stem)
    return stem[: len(bare)] if stem.casefold().startswith(bare) else stem


def _plain(words: str) -> str:
    """A name with each character replaced that an export may have replaced, in any case."""
    return "".join(each if each.isalnum() else "_" for each in words.casefold())
