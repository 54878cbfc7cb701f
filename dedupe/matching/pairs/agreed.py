"""Whether two pictures agree over all that both show: plainly, or beneath what lies over one."""

from dedupe.matching.pairs.evidence import Evidence

SAME_THING = 12
"""Points in one plane that prove that both photos show some of the same: of 1,000 pairs of
different photos, the 600 nearest by embedding among them, the most was 7."""

MANY = 40
"""Points with which nothing else can have carried the one to the other; with fewer, more of
the picture must agree. A catalogue's product in another colour had 22 (share 0.83)."""

# Mean difference of colours from which on a picture was toned, and share of it that has texture
# below which little tells a toned one from another: of 83,054 pairs of one picture 37 are both.
_TONED, _PLAIN = 0.03, 0.2

# A bird before blurred leaves, a dancer before black: so many points, and all else agrees. Screens
# of one app that differ had 65 points.
_SHOWN_POINTS, _SHOWN_COLOUR = 80, 0.97

# A drawing that a filter made of a photo is that far from its tones, grey where the photo is not,
# and has its lines where that has them, among others of its own.
_DRAWN_TONE, _DRAWN_GREY = 0.25, 0.01
_DRAWN_TEXTURE, _DRAWN_SHARE, _DRAWN_COLOUR = 0.3, 0.6, 0.75

# Share of a picture that has texture, below which nothing is told by it; and the shares of texture
# and of colours from which on two pictures agree, where many points fit.
_LEAST_TEXTURE, _AGREES, _COLOURED = 0.05, 0.85, 0.75

ALL_OVER = 0.97
"""Share of the texture that agrees, from which on nothing lies over a picture."""

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

UPRIGHT = ("whole", "upright")
"""Forms that no photographer's hand keeps to."""

# And with them those of so few numbers that little is left to chance.
_SIMPLE = (*UPRIGHT, "tilted")


def is_agreed(evidence: Evidence) -> bool:
    """Whether the pictures agree over their whole overlap, in texture and in colour.

    Either plainly, or beneath something that was laid over (a watermark, a sticker, text).
    """
    if _is_plain_and_toned(evidence) or _is_another_text(evidence) or evidence.agreement.recoloured:
        return False
    return agrees_plainly(evidence) or agrees_beneath(evidence) or is_drawn(evidence)


def _is_plain_and_toned(evidence: Evidence) -> bool:
    """Whether too little is seen of a toned picture to tell it from another one.

    Frames and screens around plain colours: the map of colours makes any of them another.
    """
    found = evidence.agreement
    if found.tone <= _TONED:
        return False
    if evidence.inliers < SAME_THING:
        return found.texture < _PLAIN or not _agrees_throughout(evidence)
    agrees = found.share > _ALL_SHARE and found.colour > _SHOWN_COLOUR
    return found.texture < _PLAIN and not (evidence.inliers >= _SHOWN_POINTS and agrees)


def shows_too_little(evidence: Evidence) -> bool:
    """Whether all that both show agrees, and too little of it has texture to be sure."""
    found = evidence.agreement
    least = _PLAIN if _is_plain_and_toned(evidence) else _LEAST_TEXTURE
    return found.texture < least and found.share > _AGREES and found.colour > _COLOURED


def is_drawn(evidence: Evidence) -> bool:
    """Whether one is a drawing that was made of the other: a filter of pencil or ink."""
    found = evidence.agreement
    grey, coloured = sorted(found.chroma)
    of_lines = found.tone > _DRAWN_TONE and grey < _DRAWN_GREY and coloured >= GREY
    certain = evidence.form == "whole" and evidence.inliers >= MANY
    much = found.texture > _DRAWN_TEXTURE and found.share > _DRAWN_SHARE
    return of_lines and certain and much and found.colour > _DRAWN_COLOUR


def agrees_plainly(evidence: Evidence) -> bool:
    """Whether they agree with all that is in them."""
    found = evidence.agreement
    if evidence.inliers < SAME_THING:
        # so few points prove nothing by themselves
        return found.texture > 0.2 and found.share > 0.95 and found.colour > 0.9
    agrees = found.share > (_AGREES if evidence.inliers >= MANY else 0.92)
    coloured = found.colour > (_EVENED_COLOUR if _is_certain(evidence) else _COLOURED)
    return found.texture >= _LEAST_TEXTURE and agrees and coloured


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


def agrees_beneath(evidence: Evidence) -> bool:
    """Whether they agree but for something that was laid over one of them."""
    found = evidence.agreement
    if evidence.inliers < SAME_THING:
        # likewise: then it is no crop, and little lies over it
        few = evidence.form == "whole" and found.texture > 0.2 and found.share > 0.4
        is_lettered = found.tone < _UNTONED and found.texture > _APP_TEXTURE
        coloured = found.colour > (_LETTERED if is_lettered else 0.8)
        return few and found.beneath > 0.95 and coloured
    beneath = found.beneath > (0.85 if evidence.inliers >= MANY else 0.92)
    some = found.texture >= _LEAST_TEXTURE and found.share > 0.3 and not _is_of_a_template(evidence)
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
    in_an_app = evidence.form == "whole" and evidence.inliers < MANY and plain
    return evidence.motion > (_IN_AN_APP if in_an_app else _OF_A_TEMPLATE)


def _is_over_a_photo(evidence: Evidence) -> bool:
    """Whether a photo is all around what lies over it: then it is the letters that moved."""
    found = evidence.agreement
    is_photo = found.texture > _APP_TEXTURE and min(found.chroma) > GREY
    return is_photo and found.beneath > ALL_OVER


def _is_another_text(evidence: Evidence) -> bool:
    """Whether other words stand on the same form."""
    found = evidence.agreement
    is_form = max(found.chroma) < GREY and found.colour > _FORM_COLOUR
    return is_form and found.share < _FORM_SHARE and evidence.motion > _FORM_MOTION
