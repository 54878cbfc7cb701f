"""What people and programs do to a photo, so that it can be measured what is found of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from random import Random

from PIL import Image, ImageOps

from dedupe.matching.calibration import edits_frame as frame
from dedupe.matching.calibration import edits_shape as shape
from dedupe.matching.calibration import edits_tone as tone

_QUALITY = 88  # of what an edit leaves to be saved: between a phone's 90 to 95 and an app's 80
_TURN = Image.Transpose

Others = Sequence[Image.Image]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownEdit:
    """One thing that is done to photos, with its strength.

    Attributes:
        kind: what reports call it: "cropped", "turned", "re-encoded", ...
        words: what is done, as half a sentence.
        make: the edit: an upright RGB picture, a source of chance and other photos in; the
            edited picture out, or the bytes of a file where the file is the edit. Gives the
            same for the same three, and changes none of them.
        others: how many other photos it needs.
        needs: the format that Pillow must be able to write; "" if any will do.
    """

    kind: str
    words: str
    make: Callable[[Image.Image, Random, Others], Image.Image | bytes]
    others: int = 0
    needs: str = ""

    @property
    def can_be_made(self) -> bool:
        """Whether this machine's Pillow can write what it needs."""
        return not self.needs or self.needs in writable_formats()

    def saved(self, photo: Image.Image, draw: Random, others: Others = ()) -> bytes:
        """The file that the edit ends in: a JPEG where the edit names no other form.

        Args:
            photo: RGB, upright, 16 pixels or more on each side.
            draw: decides places and strengths; seed it.
            others: at least as many as `self.others`.

        Raises:
            ValueError: there are too few others.
        """
        if len(others) < self.others:
            raise ValueError(f"needs {self.others} other photos, got {len(others)}")
        edited = self.make(photo, draw, others)
        return edited if isinstance(edited, bytes) else jpeg(edited, _QUALITY)


def jpeg(photo: Image.Image, quality: int) -> bytes:
    """The picture as a JPEG file without metadata."""
    return _file(photo, "JPEG", quality=quality)


def _file(photo: Image.Image, form: str, **options: int) -> bytes:
    if form == "HEIF":
        writable_formats()  # the plugin is loaded there
    data = BytesIO()
    photo.save(data, form, **options)
    return data.getvalue()


@cache
def writable_formats() -> frozenset[str]:
    """The names of the formats that Pillow can write here."""
    import pillow_heif

    pillow_heif.register_heif_opener(decode_threads=1)
    Image.init()
    return frozenset(Image.SAVE)


def _sent(photo: Image.Image, long_side: int, quality: int) -> bytes:
    """As a messenger hands it on: smaller, squeezed, without metadata."""
    return jpeg(shape.fitted(photo, long_side), quality)


def _made(
    kind: str, words: str, make: Callable[[Image.Image, Random], Image.Image | bytes]
) -> KnownEdit:
    return KnownEdit(kind=kind, words=words, make=lambda photo, draw, _: make(photo, draw))


def _plain(
    kind: str, words: str, make: Callable[[Image.Image], Image.Image | bytes], needs: str = ""
) -> KnownEdit:
    """An edit without chance."""
    return KnownEdit(kind=kind, words=words, make=lambda photo, *_: make(photo), needs=needs)


def _in_collage(photo: Image.Image, draw: Random, others: Others) -> Image.Image:
    wide = photo.width > photo.height  # landscapes one above the other
    return frame.collage(photo, others, draw, 1 if wide else 2, 2 if wide else 1)


KNOWN_EDITS: dict[str, KnownEdit] = {
    # the file
    "jpeg_85": _plain("re-encoded", "saved as JPEG of quality 85", lambda p: jpeg(p, 85)),
    "jpeg_60": _plain("re-encoded", "saved as JPEG of quality 60", lambda p: jpeg(p, 60)),
    "jpeg_30": _plain("re-encoded", "saved as JPEG of quality 30", lambda p: jpeg(p, 30)),
    "jpeg_12": _plain("re-encoded", "saved as JPEG of quality 12", lambda p: jpeg(p, 12)),
    "png": _plain("re-encoded", "saved as PNG", lambda p: _file(p, "PNG", compress_level=1)),
    "webp": _plain(
        "re-encoded", "saved as WebP", lambda p: _file(p, "WEBP", quality=62, method=1), "WEBP"
    ),
    "heif": _plain("re-encoded", "saved as HEIF", lambda p: _file(p, "HEIF", quality=50), "HEIF"),
    "messenger": _plain("re-encoded", "sent by a messenger", lambda p: _sent(p, 1280, 68)),
    # the size
    "half": _plain("resized", "half as wide", lambda p: shape.resized(p, 0.5)),
    "quarter": _plain("resized", "a quarter as wide", lambda p: shape.resized(p, 0.25)),
    "thumbnail": _plain("resized", "160 pixels long", lambda p: shape.fitted(p, 160)),
    "enlarged": _plain("resized", "enlarged by half", lambda p: shape.resized(p, 1.5)),
    # turns
    "turned_left": _plain(
        "turned", "a quarter to the left", lambda p: p.transpose(_TURN.ROTATE_90)
    ),
    "turned_right": _plain(
        "turned", "a quarter to the right", lambda p: p.transpose(_TURN.ROTATE_270)
    ),
    "upside_down": _plain("turned", "upside down", lambda p: p.transpose(_TURN.ROTATE_180)),
    "mirrored": _plain("mirrored", "left and right exchanged", ImageOps.mirror),
    "mirrored_turned": _plain(
        "mirrored", "mirrored and turned by a quarter", lambda p: p.transpose(_TURN.TRANSVERSE)
    ),
    # crops
    "crop_10": _made("cropped", "10 % cut away", lambda p, d: shape.cropped(p, d, 0.10)),
    "crop_25": _made("cropped", "25 % cut away", lambda p, d: shape.cropped(p, d, 0.25)),
    "crop_40": _made("cropped", "40 % cut away", lambda p, d: shape.cropped(p, d, 0.40)),
    "crop_60": _made("cropped", "60 % cut away", lambda p, d: shape.cropped(p, d, 0.60)),
    "crop_corner": _made(
        "cropped", "35 % cut away on two sides", lambda p, d: shape.cropped_to_corner(p, d, 0.35)
    ),
    "crop_tall": _plain("cropped", "cut to 4:5", lambda p: shape.cropped_to_shape(p, 0.8)),
    # tilts
    "tilt_3": _made(
        "tilted", "straightened by 3 degrees", lambda p, d: shape.tilted(p, d, 3, corners=False)
    ),
    "tilt_8": _made(
        "tilted", "straightened by 8 degrees", lambda p, d: shape.tilted(p, d, 8, corners=False)
    ),
    "tilt_3_corners": _made(
        "tilted", "tilted by 3 degrees", lambda p, d: shape.tilted(p, d, 3, corners=True)
    ),
    "tilt_8_corners": _made(
        "tilted", "tilted by 8 degrees", lambda p, d: shape.tilted(p, d, 8, corners=True)
    ),
    "perspective": _made(
        "tilted", "seen from the side", lambda p, d: shape.seen_from_the_side(p, d, 0.1)
    ),
    # light and colour
    "brighter": _plain("toned", "brighter by 0.9 stops", lambda p: tone.exposed(p, 0.9)),
    "darker": _plain("toned", "darker by 1.2 stops", lambda p: tone.exposed(p, -1.2)),
    "contrast": _plain("toned", "more contrast", lambda p: tone.contrasted(p, 1.6)),
    "faded": _plain("toned", "less contrast", lambda p: tone.contrasted(p, 0.55)),
    "gamma": _plain("toned", "middle tones pressed", lambda p: tone.gamma(p, 1.55)),
    "saturated": _plain("toned", "stronger colours", lambda p: tone.saturated(p, 1.7)),
    "warm": _plain("toned", "warmer", lambda p: tone.balanced(p, 1.14, 0.76)),
    "cool": _plain("toned", "cooler", lambda p: tone.balanced(p, 0.82, 1.16)),
    "filter": _made("toned", "an app's filter", tone.filtered),
    "grey": _plain("grey", "grey", tone.grey),
    "sepia": _plain("grey", "brown as on old paper", tone.sepia),
    "blur": _plain("blur and noise", "blurred", lambda p: tone.blurred(p, 0.004)),
    "sharpen": _plain("blur and noise", "sharpened too much", tone.sharpened),
    "noise": _made("blur and noise", "noisy", lambda p, d: tone.noisy(p, d, 16)),
    # something over it
    "words": _made("overlaid", "words over it", frame.lettered),
    "date": _made("overlaid", "a date in its corner", frame.dated),
    "sticker": _made("overlaid", "a sticker on it", frame.with_sticker),
    "watermark": _made("overlaid", "a watermark all over", frame.watermarked),
    "scribble": _made("overlaid", "drawn on", frame.scribbled),
    # something around it
    "border": _made("framed", "a border around it", frame.bordered),
    "polaroid": _made("framed", "on white card", frame.polaroid),
    "caption_below": _made(
        "framed", "a bar with words below", lambda p, d: frame.captioned(p, d, above=False)
    ),
    "caption_above": _made(
        "framed", "a bar with words above", lambda p, d: frame.captioned(p, d, above=True)
    ),
    "screenshot": _made(
        "screenshot", "on a phone's screen", lambda p, d: frame.on_a_phone(p, d, dark=False)
    ),
    "screenshot_dark": _made(
        "screenshot", "on a dark screen", lambda p, d: frame.on_a_phone(p, d, dark=True)
    ),
    "screenshot_feed": _made("screenshot", "as a post in an app", frame.in_a_feed),
    "story": _made("screenshot", "in a story", frame.in_a_story),
    "collage_two": KnownEdit(
        kind="collage", words="beside another photo", make=_in_collage, others=1
    ),
    "collage_four": KnownEdit(
        kind="collage",
        words="among three other photos",
        make=lambda photo, draw, others: frame.collage(photo, others, draw, 2, 2),
        others=3,
    ),
    # several at once
    "print_scan": _made(
        "combined",
        "printed and photographed",
        lambda p, d: tone.scanned(shape.seen_from_the_side(p, d, 0.05), d),
    ),
    "reposted": _made(
        "combined",
        "cropped, filtered, small",
        lambda p, d: _sent(tone.filtered(shape.cropped(p, d, 0.2), d), 720, 55),
    ),
    "stolen": _made(
        "combined",
        "mirrored, cropped, watermarked",
        lambda p, d: frame.watermarked(ImageOps.mirror(shape.cropped(p, d, 0.15)), d),
    ),
    "meme": _made(
        "combined",
        "grey, a bar with words, squeezed",
        lambda p, d: _sent(frame.captioned(tone.grey(p), d, above=True), 640, 35),
    ),
}
