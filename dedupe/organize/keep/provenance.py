"""What a photo's header and name say of where it came from: signs that it is a copy."""

from dataclasses import dataclass
from functools import lru_cache

from dedupe.organize.keep.messengers import messenger_of
from dedupe.photos.photo import Photo

# What writes its name into photos that it saves. Cameras and phones write a version
# ("Ver.1.00", "HDR+ 1.0.3"), so all that is not here counts as theirs.
_EDITORS = (
    *("photoshop", "lightroom", "gimp", "snapseed", "picasa", "acdsee", "affinity", "luminar"),
    *("pixelmator", "paint.net", "paintshop", "corel", "photoscape", "irfanview", "xnview"),
    *("faststone", "photofiltre", "imagemagick", "graphicsmagick", "darktable", "rawtherapee"),
    *("capture one", "canva", "vsco", "picsart", "instagram", "facetune", "photo editor"),
    *("shotwell", "gthumb", "topaz", "gigapixel", "upscayl", "waifu2x", "ffmpeg"),
    "microsoft windows",
)

# How much each sign counts. The camera is lost by all that does not mean to keep it; a time
# may be set by hand, and the place is often left out on purpose.
_MESSENGER, _EDITOR, _NO_CAMERA, _NO_TIME, _NO_PLACE = 2, 1, 2, 1, 1


@dataclass(frozen=True, slots=True)
class Sign:
    """One thing that says that a photo is a copy.

    Attributes:
        weight: how much it counts, 1 or 2.
        words: half a sentence about the photo: "is named by WhatsApp"; "" for what it lacks.
        lacks: what an original has and it has not: "camera"; "" for all else.
    """

    weight: int
    words: str = ""
    lacks: str = ""


def signs_of_a_copy(photo: Photo) -> tuple[Sign, ...]:
    """What says that a photo is a copy, by its name and header alone.

    Each proves nothing by itself: they are for telling photos of one picture from each other,
    and what all of them lack tells nothing.
    """
    signs = []
    if messenger := messenger_of(photo.path.name):
        signs.append(Sign(_MESSENGER, words=f"is named by {messenger}"))
    if editor := _editor(photo.software):
        signs.append(Sign(_EDITOR, words=f"was saved by {editor}"))
    if photo.taken is None:
        signs.append(Sign(_NO_TIME, lacks="capture time"))
    if not photo.camera:
        signs.append(Sign(_NO_CAMERA, lacks="camera"))
    if not photo.gps:
        signs.append(Sign(_NO_PLACE, lacks="GPS"))
    return tuple(signs)


@lru_cache(maxsize=4096)  # rules ask again and again about the photos of one set
def weight(photo: Photo) -> int:
    """How much says that a photo is a copy: 0 for one that a camera wrote, with a place."""
    return sum(sign.weight for sign in signs_of_a_copy(photo))


def has(best: Photo, other: Photo) -> str:
    """What one photo still knows of how it was taken, and another has lost.

    Returns:
        "has its capture time and GPS"; "" where it is nothing.
    """
    lost = [sign.lacks for sign in signs_of_a_copy(other) if sign.lacks]
    kept = {sign.lacks for sign in signs_of_a_copy(best)}
    words = [each for each in lost if each not in kept]
    if not words or words == ["GPS"]:
        return "has GPS" if words else ""
    *most, last = words
    return f"has its {', '.join(most)} and {last}" if most else f"has its {last}"


@lru_cache(maxsize=1024)  # a library has few, and is asked of every photo
def _editor(software: str) -> str:
    """The program, if it is one that people edit photos with."""
    said = software.casefold()
    return software if any(name in said for name in _EDITORS) else ""
