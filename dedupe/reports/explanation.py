"""For people: what two photos are to each other, step by step."""

from typing import TYPE_CHECKING, TextIO

from rich.text import Text

from dedupe.photos.photo import Photo
from dedupe.reports.facts import shown_date
from dedupe.reports.screen import Screen
from dedupe.reports.words import shown_bytes, shown_path

if TYPE_CHECKING:
    from dedupe.matching.explain import Explanation

_INDENT = " " * 14


def write_explanation(explanation: "Explanation", out: TextIO) -> None:
    """Both photos, the evidence, the reasons and the verdict."""
    screen = Screen(out)
    for name, photo in (("first", explanation.first), ("second", explanation.second)):
        _print_photo(screen, name, photo)
    bits = f"{explanation.bits} of 256 bits" if explanation.bits < 256 else "says nothing here"
    _say(screen, "distance", f"{explanation.distance:.1f} (threshold {explanation.threshold:g})")
    _say(screen, "hash", bits)
    for mark, words in _evidence(explanation):
        _say(screen, mark, words)
    for number, sentence in enumerate(explanation.why):
        _say(screen, "" if number else "why", sentence)
    relation = explanation.relation
    verdict = "nothing relates them" if relation is None else relation.words
    edit = f": {explanation.edit}" if explanation.edit else ""
    screen.tell(Text.assemble((f"{'verdict':>12}  ", "bold"), (f"{verdict}{edit}", "bold green")))


def _print_photo(screen: Screen, mark: str, photo: Photo) -> None:
    screen.tell_hanging(f"{mark:>12}  ", shown_path(photo.path))
    facts = f"{photo.width} × {photo.height}  {photo.format}  {shown_bytes(photo.file.size)}"
    camera = f"  {photo.camera}" if photo.camera else ""
    screen.tell_hanging(_INDENT, f"{facts}  {shown_date(photo)}{camera}", "dim")


def _evidence(explanation: "Explanation") -> list[tuple[str, str]]:
    evidence = explanation.evidence
    if evidence is None:
        return []
    agreed = evidence.agreement
    beneath = f" (beneath what is laid over {agreed.beneath * 100:.0f} %)"
    ways = {
        "whole": "one whole picture on the other",
        "upright": "by one scale and a shift",
        "tilted": "by one turn, one scale and a shift",
        "free": "by any homography",
        "bent": "once one of them is bent, as lenses bend lines",
    }
    mirrored = ", mirrored" * evidence.mirrored + ", in negative" * evidence.negative
    return [
        ("points", f"{evidence.inliers} that fit, {ways[evidence.form]}{mirrored}"),
        (
            "agreement",
            f"texture {agreed.share * 100:.0f} %{beneath if agreed.beneath > agreed.share else ''}"
            f", colour {agreed.colour * 100:.0f} %",
        ),
        ("motion", f"{evidence.motion:.2f} pixels of the thumbnail"),
    ]


def _say(screen: Screen, mark: str, words: str) -> None:
    screen.tell_hanging(f"{mark:>12}  ", words)
