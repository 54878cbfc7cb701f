"""What two photos are to each other: the strongest relation that the evidence proves."""

from dataclasses import replace
from enum import IntEnum
from math import inf

from dedupe.errors import UnknownName
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


RULES = 5
"""Goes up with every change of what the same evidence proves: then it is worked out anew."""

# Points in one plane that prove that both photos show some of the same: of 1,000 pairs of
# different photos, the 600 nearest by embedding among them, the most was 7.
SAME_THING = 12

# Points with which nothing else can have carried the one to the other; with fewer, more of
# the picture must agree. A catalogue's product in another colour had 22 (share 0.83).
_MANY = 40

# Share that agrees, from which on two shots show one scene: 79 of 80 pairs of hand-held series
# have more; of 569 pairs of faces, mostly one person's in two rooms, 57.
_SAME_SCENE = 0.6

# Mean difference of colours from which on a picture was toned, and share of it that has texture
# below which nothing tells a toned one from another: of 83,054 pairs of one picture 37 are both.
_TONED, _PLAIN = 0.03, 0.2

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
# by 0.09; small pictures in collages and stories by 0.015 to 0.04.
_FAR_OFF, _FAR_MOTION = 0.2, 0.06

# Share of the texture that agrees, from which on nothing lies over a picture.
_ALL_OVER = 0.97

# Forms that no photographer's hand keeps to; and with them those of so few numbers that little is
# left to chance.
_UPRIGHT = ("whole", "upright")
_SIMPLE = (*_UPRIGHT, "tilted")

# Pixels that things moved by, from which on nothing was laid over: slides, letters and charts of
# one template (0.7 to 3.4), and, where few points fit and half is plain, another picture in the
# same chat (0.35 to 0.6). Of 1,985 and 6,101 pairs of an edit and its photo, 0 and 4 had that.
_OF_A_TEMPLATE, _IN_AN_APP = 0.8, 0.35
_APP_SHARE, _APP_TEXTURE = 0.8, 0.6

# Receipts of one shop, two pages of one form: without colours, what is ink and what paper may well
# be had from one another, and yet less of the texture agrees, and it seems to move. So are 18 of
# 22 such pairs told apart, and 2 of 8,106 pairs of an edit and its photo lost.
_FORM_SHARE, _FORM_COLOUR, _FORM_MOTION = 0.93, 0.95, 0.12

GREY = 0.02
"""Mean colourfulness, below which a picture is of greys."""

# A picture cut out of a screenshot or frame, with some of that beside it, is not as large as the
# photo and shows nothing else. From these on it is no second shot: in 23 pairs of shots from
# one place things moved by 0.045 pixels and more.
_CUT_SHARE, _CUT_COLOUR, _CUT_MOTION = 0.98, 0.97, 0.035

# With so many points and so much texture that agrees, colours need not: a filter that evens out
# the light part by part (CLAHE, "clarity") left 0.60 to 0.73 of them explained.
_CERTAIN, _EVENED_SHARE, _EVENED_COLOUR = 100, 0.88, 0.55

# So it is where a shadow, a stripe or a disc of light takes so much that less of the colours are
# explained, and beside it nearly all agrees: of two photos only collages with a field in common
# have that, and second_shot tells them apart (decision 14).
_CLEAR_POINTS, _CLEAR_SHARE, _CLEAR_COLOUR = 80, 0.9, 0.6

# A boat on a blurred sea has next to no points, and is found in grey or darkened by this alone:
# texture nearly everywhere, of which all agrees. Gradients have none, plain frames little.
_ALL_TEXTURE, _ALL_SHARE, _ALL_COLOUR = 0.5, 0.99, 0.98

# So is a darkened photo beneath a quotation, whose letters have most of the points.
_LETTERED_COLOUR = 0.85

# Large letters over the top and the foot of a photo take up to a third of it, and nearly all points
# of it. Where nothing was toned, and it is no page, so little of the colours is enough.
_UNTONED, _LETTERED = 0.01, 0.6

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


def is_agreed(evidence: Evidence) -> bool:
    """Whether the pictures agree over their whole overlap, in texture and in colour.

    Either plainly, or beneath something that was laid over (a watermark, a sticker, text).
    """
    found = evidence.agreement
    # frames and screens around plain colours: the map of colours makes any of them another
    few = evidence.inliers < SAME_THING and not _agrees_throughout(evidence)
    if found.tone > _TONED and (found.texture < _PLAIN or few):
        return False
    if _is_another_text(evidence) or found.recoloured:
        return False
    return agrees_plainly(evidence) or _agrees_beneath(evidence)


def is_one_picture(evidence: Evidence) -> bool:
    """Whether two photos are one picture by what they show, whatever their clocks say."""
    return is_agreed(evidence) and (is_exact(evidence) or shown_apart(evidence) is None)


def agrees_plainly(evidence: Evidence) -> bool:
    """Whether they agree with all that is in them."""
    found = evidence.agreement
    if evidence.inliers < SAME_THING:
        # so few points prove nothing by themselves
        return found.texture > 0.2 and found.share > 0.95 and found.colour > 0.9
    agrees = found.share > (0.85 if evidence.inliers >= _MANY else 0.92)
    coloured = found.colour > (_EVENED_COLOUR if _is_certain(evidence) else 0.75)
    return found.texture >= 0.05 and agrees and coloured


def _agrees_throughout(evidence: Evidence) -> bool:
    """Whether texture nearly everywhere proves that it is one picture, where points do not."""
    found = evidence.agreement
    agrees = found.share > _ALL_SHARE and found.colour > _ALL_COLOUR
    lettered = _is_over_a_photo(evidence) and found.colour > _LETTERED_COLOUR
    return evidence.form == "whole" and found.texture > _ALL_TEXTURE and (agrees or lettered)


def _is_certain(evidence: Evidence) -> bool:
    """Whether texture alone proves that it is one picture, however it was toned part by part."""
    found = evidence.agreement
    much = found.texture >= _PLAIN and found.share > _EVENED_SHARE
    return evidence.inliers >= _CERTAIN and evidence.form in _SIMPLE and much


def _agrees_beneath(evidence: Evidence) -> bool:
    """Whether they agree but for something that was laid over one of them."""
    found = evidence.agreement
    if evidence.inliers < SAME_THING:
        # likewise: then it is no crop, and little lies over it
        few = evidence.form == "whole" and found.texture > 0.2 and found.share > 0.4
        is_lettered = found.tone < _UNTONED and found.texture > _APP_TEXTURE
        coloured = found.colour > (_LETTERED if is_lettered else 0.8)
        return few and found.beneath > 0.95 and coloured
    beneath = found.beneath > (0.85 if evidence.inliers >= _MANY else 0.92)
    some = found.texture >= 0.05 and found.share > 0.3 and not _is_of_a_template(evidence)
    lettered = found.tone < _UNTONED and _is_over_a_photo(evidence)
    least = _CLEAR_COLOUR if _is_clear(evidence) else _LETTERED if lettered else 0.8
    return evidence.form in _SIMPLE and some and beneath and found.colour > least


def _is_clear(evidence: Evidence) -> bool:
    """Whether what is beside all that lies over a picture proves it by itself."""
    found = evidence.agreement
    much = found.texture >= _PLAIN and found.beneath > _CLEAR_SHARE
    return evidence.inliers >= _CLEAR_POINTS and much


def _is_of_a_template(evidence: Evidence) -> bool:
    """Whether something else stands where pictures differ: other text, another photo."""
    found = evidence.agreement
    if _is_over_a_photo(evidence):
        return False
    plain = found.share < _APP_SHARE and found.texture < _APP_TEXTURE
    in_an_app = evidence.form == "whole" and evidence.inliers < _MANY and plain
    return evidence.motion > (_IN_AN_APP if in_an_app else _OF_A_TEMPLATE)


def _is_over_a_photo(evidence: Evidence) -> bool:
    """Whether a photo is all around what lies over it: then it is the letters that moved."""
    found = evidence.agreement
    is_photo = found.texture > _APP_TEXTURE and min(found.chroma) > GREY
    return is_photo and found.beneath > _ALL_OVER


def _is_another_text(evidence: Evidence) -> bool:
    """Whether other words stand on the same form."""
    found = evidence.agreement
    is_form = max(found.chroma) < GREY and found.colour > _FORM_COLOUR
    return is_form and found.share < _FORM_SHARE and evidence.motion > _FORM_MOTION


def may_be_bent(inliers: int, found: Evidence | None) -> bool:
    """Whether many points of one plane are in both, and yet they do not agree, or seem to move.

    Args:
        inliers: how many.
        found: what came of it.
    """
    return inliers >= _MANY and (found is None or not is_agreed(found) or _has_moved(found))


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
    free = evidence.form not in _UPRIGHT
    framed = _same_frame(evidence) and not _is_cut_out(evidence)
    if novelty > _NOVELTY and (min(evidence.news) > _NEWS if free else framed):
        return "each shows something that the other does not"
    return "things moved in between" if _has_moved(evidence) else None


def _has_moved(evidence: Evidence) -> bool:
    # flow follows noise where a picture was blurred or clipped, and yet all of it agrees; and
    # what was laid over a picture, beneath which nothing moved (laid_over.py)
    agreed = evidence.agreement
    whole = evidence.form == "whole" and max(agreed.share, agreed.beneath) > _ALL_OVER
    is_beneath = _agrees_beneath(evidence) and (
        agreed.share < _ALL_OVER if evidence.form == "tilted" else not agrees_plainly(evidence)
    )
    still = whole or is_beneath
    is_far_off = min(evidence.of_first, evidence.of_second) < _FAR_OFF and evidence.inliers < _MANY
    limit = _FAR_MOTION if is_far_off and not evidence.field_in else _MOVED[evidence.form]
    return evidence.motion > limit and not still


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
