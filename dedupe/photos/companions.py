"""Which files belong to a photo: sidecars, a Live Photo's video, its RAW, JPEG and edit."""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, partial
from pathlib import Path

from dedupe.photos.headers import (
    Header,
    is_video,
    read_header,
    read_motion,
    read_text,
    video_identifier,
    xmp_facts,
)
from dedupe.photos.photo import Photo, PhotoFile
from dedupe.photos.shots import Shot, family, is_edit, is_raw, partnership
from dedupe.photos.sniff import PHOTO_EXTENSIONS, RAW_EXTENSIONS
from dedupe.photos.takeout import (
    cut_of_json,
    cut_of_photo,
    is_tail,
    is_title_of,
    may_describe,
    title_of,
)

# Sidecars with the whole name of their photo before: darktable, RawTherapee, DxO.
_BY_WHOLE_NAME = (".xmp", ".pp3", ".dop")
_VIDEOS = (".mov", ".mp4", ".mp")

# A program may write its time with another zone, but no other day.
_OTHER_DAY = timedelta(hours=26)
_SAME_SECOND = timedelta(seconds=2)

# What a file of a photo may have behind the stem of the photo.
_ENDINGS = PHOTO_EXTENSIONS | RAW_EXTENSIONS | {*_BY_WHOLE_NAME, *_VIDEOS, ".aae", ".json"}
_NUMBER = re.compile(r"\(\d+\)$")


Numbers = tuple[float | None, ...]
Once = Callable[[str, bytes, bytes, Callable[[], Numbers | None]], Numbers | None]
"""Asked what was looked for, in which content, beside which, and how to look: what was seen."""


def _each_time(
    asked: str, content: bytes, beside: bytes, find: Callable[[], Numbers | None]
) -> Numbers | None:
    return find()


@dataclass(frozen=True, slots=True)
class Companion:
    """A file that belongs to a photo.

    Attributes:
        path: where it lies, beside the photo.
        kind: "XMP", "AAE", "PP3", "DOP", "Takeout JSON", "video", "RAW", "JPEG", "HEIF", "edit"
            or "original".
        evidence: half a sentence that says by what it is known: "has its title".
        owners: the photos that it belongs to, sorted; one sidecar may belong to a RAW and its
            JPEG. Of a photo of the same shot, that photo itself.
        is_photo: whether it is a photo of the same shot, not a sidecar or a video.
    """

    path: Path
    kind: str
    evidence: str
    owners: tuple[Path, ...]
    is_photo: bool = False

    @property
    def word(self) -> str:
        """What it is in a word, as reports show it: "CR2", "XMP", "edit"."""
        plain = self.kind in ("edit", "original", "Takeout JSON")
        return self.kind if plain else self.path.suffix[1:].upper()


class Companions:
    """Finds the files that belong to photos. Only reads; what cannot be read belongs to nobody.

    A folder is listed once, and headers are read only of files whose names say that they may
    belong together. A name alone is no proof, as two cameras in one folder both have an
    IMG_0001: see each rule below.
    """

    def __init__(self, known: Iterable[Photo] = (), *, once: Once = _each_time) -> None:
        """Remember what is known, to read fewer headers.

        Args:
            known: photos as they were scanned.
            once: gives what was seen in a content, if it was looked at before.
        """
        self._once = once
        self._known: dict[Path, Shot] = {photo.path: photo for photo in known}
        self._folders: dict[Path, dict[str, list[str]]] = {}
        self._found: dict[Path, tuple[Companion, ...]] = {}
        self._header = cache(read_header)
        self._video = cache(video_identifier)

    def of(self, photo: Shot) -> tuple[Companion, ...]:
        """What belongs to a photo, sorted by name."""
        if photo.path not in self._found:
            self._known.setdefault(photo.path, photo)
            self._found[photo.path] = tuple(self._all(photo))
        return self._found[photo.path]

    def together(self, photo: Shot) -> tuple[Companion, ...]:
        """What belongs to a photo or to another one of its shot, sorted by name: all of one shot.

        The JSON of a JPEG goes where its RAW goes, as the JPEG does.
        """
        found: dict[Path, Companion] = {}
        ahead = [photo]
        while ahead:
            for each in self.of(ahead.pop()):
                if each.path != photo.path and found.setdefault(each.path, each) is each:
                    ahead += [self._shot(each.path)] if each.is_photo else []
        return tuple(found[path] for path in sorted(found, key=os.fsencode))

    def has_motion(self, photo: Shot) -> bool:
        """Whether a short video is in the photo's own file: it goes wherever the photo goes.

        Only JPEGs are asked, whose header is a few kilobytes: of 9,000 on a disk that had them in
        memory that took 2.2 s each time.
        """
        if photo.path.suffix.lower() not in (".jpg", ".jpeg"):
            return False
        seen: Numbers | None = None
        if isinstance(photo, Photo):
            seen = self._once("motion", photo.content, photo.content, partial(_motion, photo.file))
        return bool(seen[0]) if seen else self._header(photo.path).motion

    def _all(self, photo: Shot) -> Iterator[Companion]:
        names = self._named_like(photo.path)
        if not set(names) - {photo.path.name}:  # as of most photos
            return
        stills = [photo.path.with_name(name) for name in names if _is_still(name)]
        for name in names:
            path = photo.path.with_name(name)
            if path == photo.path:
                continue
            if path in stills:
                if family(path.stem) != family(photo.path.stem):
                    continue
                if (evidence := partnership(photo, self._shot(path))) is not None:
                    yield Companion(path, _kind(path, photo.path), evidence, (path,), is_photo=True)
                continue
            for rule in (self._sidecar, self._adjustments, self._takeout, self._video_of):
                kind, evidence, owners = rule(path, stills)
                if photo.path in owners:
                    ordered = tuple(sorted(owners, key=os.fsencode))
                    yield Companion(path, kind, evidence, ordered)

    def _sidecar(self, path: Path, stills: list[Path]) -> "_Rule":
        """XMP and its like: by the whole name before, else by what it says of its photo."""
        suffix = path.suffix.lower()
        if suffix not in _BY_WHOLE_NAME:
            return _NOBODY
        kind = suffix[1:].upper()
        whole = {each for each in stills if each.name.casefold() == path.stem.casefold()}
        if whole:
            return kind, "has its whole name", whole
        if suffix != ".xmp":
            return _NOBODY
        named = [each for each in stills if each.stem.casefold() == path.stem.casefold()]
        taken, extension = xmp_facts(path)
        if extension:
            meant = [each for each in named if each.suffix.lower() == f".{extension}"]
            return kind, "is written for it", self._whole_shot(meant, named)
        if len(named) == 1:
            other = taken is not None and self._differs(named[0], taken, _OTHER_DAY)
            return _NOBODY if other else (kind, "has its name, and nothing else has", {*named})
        if shot := self._one_shot(named):
            return kind, "has the name of its shot", shot
        at_once = [
            each
            for each in named
            if taken is not None and self._differs(each, taken, _SAME_SECOND) is False
        ]
        return kind, "has its name and its time", self._one_shot(at_once)

    def _adjustments(self, path: Path, stills: list[Path]) -> "_Rule":
        """AAE of an iPhone: has no word of its photo in it, so that no other may be meant."""
        if path.suffix.lower() != ".aae":
            return _NOBODY
        stem = family(path.stem)
        named = [each for each in stills if family(each.stem) == stem and not is_edit(each.stem)]
        if len(named) == 1:
            return "AAE", "has its name, and nothing else has", {*named}
        if shot := self._one_shot(named):
            return "AAE", "has the name of its shot", shot
        apple = [each for each in named if self._shot(each).camera.startswith("Apple")]
        return "AAE", "has its name, and no other is by Apple", self._one_shot(apple)

    def _takeout(self, path: Path, stills: list[Path]) -> "_Rule":
        """JSON of Google Takeout: the title in it is the proof."""
        if path.suffix.lower() != ".json":
            return _NOBODY
        named = [each for each in stills if may_describe(path.name, each.name)]
        title = title_of(read_text(path)) if named else ""
        titled = [each for each in named if title and is_title_of(title, each.name)]
        # that of a photo is also its edit's, but not that of another photo of the edit's name
        first = [each for each in titled if not is_edit(each.stem)] or titled[:1]
        return "Takeout JSON", "has its title", self._whole_shot(first, titled)

    def _video_of(self, path: Path, stills: list[Path]) -> "_Rule":
        """Live Photo: both have one identifier. `.MP`: the photo says that it is in motion."""
        suffix = path.suffix.lower()
        if suffix not in _VIDEOS:
            return _NOBODY
        if suffix == ".mp":
            named = [each for each in stills if each.stem.casefold() == path.name.casefold()]
            named = [each for each in named if self._header(each).motion and is_video(path)]
            return "video", "is the motion of this motion photo", {*named}
        named = [each for each in stills if family(each.stem) == family(path.stem)]
        identifier = self._video(path) if named else ""
        same = {each for each in named if identifier and self._identifier(each) == identifier}
        return "video", "has the content identifier of this Live Photo", same

    def _identifier(self, still: Path) -> str:
        return self._header(still).identifier

    def _whole_shot(self, meant: Iterable[Path], named: Iterable[Path]) -> set[Path]:
        """Some photos, and all others of a name that are of one shot with one of them."""
        found = set(meant)
        shots = [self._shot(each) for each in sorted(found)]
        together = {
            each
            for each in named
            if each not in found and any(partnership(shot, self._shot(each)) for shot in shots)
        }
        return found | together

    def _one_shot(self, named: list[Path]) -> set[Path]:
        """Photos of a name, if all are of one shot; none of them if not."""
        if not named:
            return set()
        return set(named) if self._whole_shot(named[:1], named) == set(named) else set()

    def _differs(self, still: Path, taken: datetime, limit: timedelta) -> bool | None:
        """Whether a photo was taken at another time; None where that is not known."""
        own = self._shot(still).taken
        return None if own is None else abs(own - taken) > limit

    def _shot(self, path: Path) -> "Shot | Header":
        return self._known.get(path) or self._header(path)

    def _named_like(self, path: Path) -> list[str]:
        folder = path.parent
        if folder not in self._folders:
            self._folders[folder] = _by_key(folder)
        listed = self._folders[folder]
        names = {*listed.get(_key(path.name), ()), *listed.get(cut_of_photo(path.name), ())}
        return sorted(names, key=os.fsencode)


def _motion(file: PhotoFile) -> Numbers | None:
    motion = read_motion(file)
    return None if motion is None else (float(motion),)


_Rule = tuple[str, str, set[Path]]
_NOBODY: _Rule = ("", "", set())


def _kind(path: Path, beside: Path) -> str:
    if is_edit(path.stem) != is_edit(beside.stem):
        return "edit" if is_edit(path.stem) else "original"
    if is_raw(path):
        return "RAW"
    return "JPEG" if path.suffix.lower().startswith(".j") else "HEIF"


def _is_still(name: str) -> bool:
    path = Path(name)
    return path.suffix.lower() in PHOTO_EXTENSIONS or is_raw(path)


def _by_key(folder: Path) -> dict[str, list[str]]:
    """The regular files of a folder by what the names of a photo's files have in common."""
    found: dict[str, list[str]] = {}
    try:
        with os.scandir(folder) as entries:
            names = [each.name for each in entries if each.is_file(follow_symlinks=False)]
    except OSError:
        return found
    for name in names:
        found.setdefault(_key(name), []).append(name)
        if name.lower().endswith(".json") and (begin := cut_of_json(name)):
            found.setdefault(begin, []).append(name)
    return found


def _key(name: str) -> str:
    """The stem of a photo's name out of the name of any of its files: "img" of `IMG.jpg(1).json`.

    Only what is known to be an ending goes: there are photos called `Series.0001.jpg`.
    """
    name = name.casefold()
    while True:
        name = _NUMBER.sub("", name)
        stem, dot, ending = name.rpartition(".")
        if not stem or not (dot + ending in _ENDINGS or is_tail(ending)):
            return _NUMBER.sub("", family(name))
        name = stem
