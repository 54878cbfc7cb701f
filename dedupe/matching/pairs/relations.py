"""What two photos are to each other: the strongest relation that the evidence proves."""

from dataclasses import replace
from enum import IntEnum
from math import inf

from dedupe.errors import UnknownName
from dedupe.matching.pairs.agreed import (
    ALL_OVER,
    GREY,
    MANY,
    SAME_THING,
    UPRIGHT,
    agrees_beneath,
    agrees_plainly,
    is_agreed,
    is_drawn,
)
from dedupe.matching.pairs.evidence import Evidence
from dedupe.photos.photo import Photo


class Relation(IntEnum):
    """From the strongest to the weakest; a smaller number is stronger."""

    SAME_FILE = 0
    SAME_PIXELS = 1
    SAME_PICTURE = 2
    SAME_MOMENT = 3
    SAME_SCENE = 4
    LOOK_ALIKE = 5

    @property
    def words(self) -> str:
        """As people and reports say it: "same picture"."""
        return "look-alike" if self is Relation.LOOK_ALIKE else self.name.lower().replace("_", " ")


def find_relation(name: str) -> Relation:
    """The relation of a name: "same-picture".

    Raises:
        UnknownName: there is none.
    """
    names = {each.words.replace(" ", "-"): each for each in Relation}
    if name not in names:
        raise UnknownName("relation", name, names)
    return names[name]


RULES = 9
"""Goes up with every change of what the same evidence proves: then it is worked out anew."""

# Share that agrees, from which on two shots show one scene: 79 of 80 pairs of hand-held series
# have more; of 569 pairs of faces, mostly one person's in two rooms, 57.
_SAME_SCENE = 0.6

# Seconds between two shots of one moment.
MOMENT = 10.0

# Share of each picture that the other does not show, from which on neither can have been cut
# from the other: 0.015 to 0.07 in seven hand-held bursts, at most 0.006 in 98 of 100 edits.
_NOVELTY = 0.008

# Of what lies outside, share of the picture that is not of one colour: the black corners of a
# turned picture are.
_NEWS = 0.003

# Shown by each and not by the other, from which on two pictures only share a part: two collages
# with a field in common, two screenshots with one picture among others.
_MUCH = 0.15

# What a field shows of the other picture. Less than the first, and it may be what web pages or
# receipts of one kind have at their head: of 60 such wrong pairs 51 showed 0.03 to 0.31. Up to the
# second all of it must agree, in colours: the heads of two receipts of one shop do.
LEAST_SHOWN, _MOSTLY = 0.32, 0.6

# And so many pixels of the thumbnail may it seem to have moved: 0.02 to 0.056 where it did not.
_FIELD_MOTION = 0.06

# Pixels of the thumbnail that things moved by, and no edit does: of 129 cropped and framed edits
# the most was 0.17, of 46 tilted ones 0.14; in the series with another focus 0.1 to 1.3.
_MOVED = {"upright": 0.3, "tilted": 0.2, "free": 0.2, "whole": 0.35, "bent": 0.2}

# A mountain that two shots show from afar, once as a tenth of the picture, has few points and moved
# by 0.09; small pictures in collages and stories by 0.015 to 0.04. Hills at dusk, once as a sixth
# and in another light, moved by 0.044 to 0.058.
_FAR_OFF, _FAR_MOTION = 0.2, 0.06
_LIT, _LIT_MOTION = 0.05, 0.043

# A feeder, a wood, a boat in two shots, once as a third or less of the picture, moved by 0.09 to
# 0.28, in another light from 0.09 on. Of 5,053 edits none that is so small, with so few points,
# moved by more than 0.14, and none in another light by more than 0.05.
_CLOSER, _CLOSER_MOTION = 0.4, 0.15

# Two frames of one burst, each whole but for a hundredth, and no quarter turn, scale and shift lays
# them on each other: 0.08. No edit is so but a picture pressed to another shape.
_ALIKE, _BURST_MOTION = 0.97, 0.06

# Where nothing but any homography lays them on each other, it is so with more of it and more
# points: a palace at night, by two lenses, once as a fifth, had 46 and moved by 0.14.
_ZOOMED, _ZOOMED_POINTS = 0.3, 80

# Another print on the same shirt, in another colour, is whole and moved by 0.25: where so much is
# plain, toned, and less than this agrees, it may not. Of 139,000 pairs of one picture 1 is lost.
_PRINTED_TEXTURE, _PRINTED_SHARE, _PRINTED_TONE, _PRINTED_MOTION = 0.5, 0.9, 0.05, 0.2

# A board of squares before a plain wall, seen from two sides: any homography lays such a flat thing
# on itself, and nothing else tells the shots apart. Of 139,000 pairs of one picture none is so.
_BOARD_POINTS, _BOARD_TEXTURE, _BOARD_CHROMA = 60, 0.4, 0.025

# A picture cut out of a screenshot or frame, with some of that beside it, is not as large as the
# photo and shows nothing else. From these on it is no second shot: in 23 pairs of shots from
# one place things moved by 0.045 pixels and more.
_CUT_SHARE, _CUT_COLOUR, _CUT_MOTION = 0.98, 0.97, 0.035

# From so much on, whole pictures that lie on each other to the pixel are one, whatever their
# clocks say: programs write their own times, and nobody holds a camera so still.
_EXACT_SHARE, _EXACT_COLOUR, _EXACT_MOTION = 0.98, 0.97, 0.04


def relation_of(
    first: Photo, second: Photo, evidence: Evidence | None, *, near: bool = False
) -> Relation | None:
    """The strongest relation of two photos that is proved.

    Args:
        first: a photo.
        second: another one.
        evidence: of their thumbnails, `first` laid on `second`; None if there is none.
        near: whether their distance is within the threshold: then they are look-alikes at
            least.

    Returns:
        None where nothing relates them.
    """
    if first.content == second.content:
        return Relation.SAME_FILE
    if same_pixels(first, second):
        return Relation.SAME_PIXELS
    if evidence is not None:
        agrees = is_agreed(evidence)
        if agrees and second_shot(first, second, evidence) is None:
            return Relation.SAME_PICTURE
        if agrees or shows_the_same(evidence):
            together = is_one_moment(first, second, evidence)
            return Relation.SAME_MOMENT if together else Relation.SAME_SCENE
    return Relation.LOOK_ALIKE if near else None


def same_pixels(first: Photo, second: Photo) -> bool:
    """Whether every decoded pixel is the same: container or metadata alone differ.

    Never of an animation, of which the first picture alone is decoded.
    """
    whole = first.reduced == second.reduced == 1 == first.frames == second.frames
    return whole and bool(first.pixel_hash) and first.pixel_hash == second.pixel_hash


def is_related(evidence: Evidence) -> bool:
    """Whether two photos are related at all, whatever their clocks and cameras say.

    The more so, the more of the colours is explained, the more agrees beneath what lies over
    one, the more colourful they are, and the less they were toned and moved.
    """
    return is_agreed(evidence) or shows_the_same(evidence)


def is_one_picture(evidence: Evidence) -> bool:
    """Whether two photos are one picture by what they show, whatever their clocks say."""
    return is_agreed(evidence) and (is_exact(evidence) or shown_apart(evidence) is None)


def may_be_bent(inliers: int, found: Evidence | None) -> bool:
    """Whether many points of one plane are in both, and yet they do not agree, or seem to move.

    Args:
        inliers: how many.
        found: what came of it.
    """
    return inliers >= MANY and (found is None or not is_agreed(found) or _has_moved(found))


def shows_the_same(evidence: Evidence) -> bool:
    """Whether enough points of one plane are in both, and some of what is around them."""
    return evidence.inliers >= SAME_THING and evidence.agreement.share > _SAME_SCENE


def second_shot(first: Photo, second: Photo, evidence: Evidence) -> str | None:
    """Why two pictures that agree are two shots of one thing; None if nothing says so."""
    if is_exact(evidence):
        return None
    apart = seconds_apart(first, second)
    if apart:
        return f"taken {shown_seconds(apart)} apart"
    if first.camera and second.camera and first.camera != second.camera:
        return "taken by two cameras"
    # of a field that was told when it was found
    return None if evidence.field_in else shown_apart(evidence)


def shown_apart(evidence: Evidence) -> str | None:
    """Why two pictures that agree are two shots, by what they show; None if nothing says so."""
    if min(evidence.news) > _MUCH:
        return "they only share a part: each shows much that the other does not"
    novelty = min(1 - evidence.of_first, 1 - evidence.of_second)
    free = evidence.form not in UPRIGHT
    framed = _same_frame(evidence) and not _is_cut_out(evidence)
    if novelty > _NOVELTY and (min(evidence.news) > _NEWS if free else framed):
        return "each shows something that the other does not"
    if _is_board(evidence):
        return "a flat thing before a plain wall, seen from two sides"
    return "things moved in between" if _has_moved(evidence) else None


def _is_board(evidence: Evidence) -> bool:
    """Whether a flat thing of few points before a plain wall is all that both show."""
    found = evidence.agreement
    few = evidence.inliers < _BOARD_POINTS and found.texture < _BOARD_TEXTURE
    is_free = evidence.form == "free" and not evidence.field_in
    return is_free and few and max(found.chroma) < _BOARD_CHROMA


def _has_moved(evidence: Evidence) -> bool:
    # flow follows noise where a picture was blurred or clipped, and yet all of it agrees; and
    # what was laid over a picture, beneath which nothing moved (laid_over.py)
    agreed = evidence.agreement
    whole = evidence.form == "whole" and max(agreed.share, agreed.beneath) > ALL_OVER
    is_beneath = agrees_beneath(evidence) and (
        agreed.share < ALL_OVER if evidence.form == "tilted" else not agrees_plainly(evidence)
    )
    still = whole or is_beneath or is_drawn(evidence)
    return evidence.motion > _may_move(evidence) and not still


def _may_move(evidence: Evidence) -> float:
    """Pixels that things may seem to have moved by in one picture."""
    if _is_of_another_print(evidence):
        return _PRINTED_MOTION
    smaller = min(evidence.of_first, evidence.of_second)
    usual = _BURST_MOTION if _are_two_frames(evidence) else _MOVED[evidence.form]
    if not evidence.field_in and smaller < _CLOSER and evidence.inliers < _ZOOMED_POINTS:
        is_lit = evidence.agreement.tone > _LIT
        usual = min(usual, _FAR_MOTION if is_lit else _CLOSER_MOTION)
    if evidence.field_in or smaller > _ZOOMED:
        return usual
    if smaller < _FAR_OFF and evidence.inliers < MANY:
        return _LIT_MOTION if evidence.agreement.tone > _LIT else _FAR_MOTION
    is_zoomed = evidence.form == "free" and evidence.inliers < _ZOOMED_POINTS
    return _FAR_MOTION if is_zoomed else usual


def _are_two_frames(evidence: Evidence) -> bool:
    """Whether they are as good as whole, of one shape, and yet no simple edit of each other."""
    (width, height), (other_width, other_height) = evidence.sizes
    shape = width * other_height / max(1, other_width * height)
    whole = min(evidence.of_first, evidence.of_second) > _ALIKE
    return evidence.form == "free" and not evidence.field_in and whole and 0.98 < shape < 1.02


def _is_of_another_print(evidence: Evidence) -> bool:
    """Whether it may be the same thing in another colour, with another picture on it."""
    found = evidence.agreement
    plain = found.texture < _PRINTED_TEXTURE and found.share < _PRINTED_SHARE
    is_beneath = agrees_beneath(evidence)
    return evidence.form == "whole" and plain and found.tone > _PRINTED_TONE and not is_beneath


def hangs_on_motion(evidence: Evidence) -> bool:
    """Whether it can make another relation if things moved, whatever clocks and cameras say.

    Args:
        evidence: of any motion.
    """
    still, moved = (
        tuple(asked(replace(evidence, motion=motion)) for asked in _ON_MOTION)
        for motion in (0.0, inf)
    )
    return still != moved


def is_exact(evidence: Evidence) -> bool:
    """Whether one whole picture lies on the other to a few hundredths of a pixel."""
    found = evidence.agreement
    return (
        evidence.form == "whole"
        and found.share >= _EXACT_SHARE
        and found.colour >= _EXACT_COLOUR
        and evidence.motion <= _EXACT_MOTION
    )


def shown_seconds(seconds: float) -> str:
    """A time in its largest unit: "0.4 s", "12 min", "3 days"."""
    for size, unit in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:g} s"


def is_one_moment(first: Photo, second: Photo, evidence: Evidence) -> bool:
    """Whether two shots of one thing were taken within seconds, as far as can be known."""
    apart = seconds_apart(first, second)
    if apart is not None:
        return apart <= MOMENT
    # without times: nearly the same frame of nearly the same state
    return evidence.agreement.share > 0.85 and min(evidence.of_first, evidence.of_second) > 0.85


def seconds_apart(first: Photo, second: Photo) -> float | None:
    """Seconds between two capture times; None where one is not known for sure."""
    if first.taken is None or second.taken is None:
        return None
    if first.taken_from != "original" or second.taken_from != "original":
        return None
    return abs((first.taken - second.taken).total_seconds())


def _same_frame(evidence: Evidence) -> bool:
    """Whether both frames are equally large on what they show."""
    return 0.97 < evidence.of_first / max(evidence.of_second, 1e-9) < 1.03


def _is_cut_out(evidence: Evidence) -> bool:
    """Whether one holds all of the other that shows anything, and nothing of it moved."""
    return _lies_exactly(evidence) and min(evidence.news) <= _NEWS


def is_in_a_field(evidence: Evidence, *, framed: bool = False) -> bool:
    """Whether a field of one picture shows enough of the other, and agrees well enough, to count.

    Args:
        evidence: of a field, carried over to the two pictures.
        framed: whether there is nothing but the field, in a plain frame: then it is as good as the
            picture itself.
    """
    shown = evidence.of_second if evidence.field_in == 1 else evidence.of_first
    if framed or shown > _MOSTLY:
        return agrees_plainly(evidence)
    is_coloured = max(evidence.agreement.chroma) >= GREY
    return shown > LEAST_SHOWN and is_coloured and _lies_exactly(evidence, _FIELD_MOTION)


def _lies_exactly(evidence: Evidence, motion: float = _CUT_MOTION) -> bool:
    """Whether all that both show agrees, upright, and nothing of it moved by more."""
    found = evidence.agreement
    agrees = found.share >= _CUT_SHARE and found.colour >= _CUT_COLOUR
    return evidence.form == "upright" and agrees and evidence.motion <= motion


_ON_MOTION = (is_agreed, is_exact, _has_moved, _lies_exactly)
"""All that is asked of a motion."""
