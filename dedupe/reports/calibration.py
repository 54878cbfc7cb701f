"""What thresholds mean in a library, as a person reads it."""

from typing import TYPE_CHECKING, TextIO

from rich.text import Text

from dedupe.reports.screen import Screen
from dedupe.reports.words import counted

if TYPE_CHECKING:
    from dedupe.matching.calibration.calibrate import Calibration, Found

_KIND = 15  # cells of a kind's name
_COUNT = 6

_NOTES = {
    "day": "Unrelated: two photos of different days, by the camera's clock. A few may show the "
    "same all the same.",
    "folder": "Unrelated: two photos of different folders, as most have no capture time. Copies "
    "that lie in two folders may be among them, so this is too strict rather than too mild.",
}
_INTERVAL = (
    "In brackets: where the true value lies in 19 of 20 cases. Pairs share photos, so their "
    "interval is somewhat too narrow."
)


def write_calibration(calibration: "Calibration", out: TextIO) -> None:
    """What each threshold finds and gets wrong, by kind of edit, and the one to use."""
    screen = Screen(out)
    screen.tell(Text(f"What a threshold means here ({calibration.encoder})", "bold"))
    screen.tell()
    screen.tell(
        Text(f"{'threshold':>9}  {'edited copies':<20}{'unrelated pairs':<24}wrong pairs", "dim")
    )
    screen.tell(
        Text(
            f"{'':>9}  {'found':<20}{'within it':<24}in {counted(calibration.photos, 'photo')}",
            "dim",
        )
    )
    for threshold in calibration.thresholds:
        found, wrong = calibration.found(threshold), calibration.wrong(threshold)
        cells = f"{threshold:>9g}  {_share(found):<20}{_one_in(wrong):<24}"
        chosen = threshold == calibration.recommended
        screen.tell(Text(cells + _here(calibration, threshold), "bold" if chosen else ""))
    screen.tell()
    _print_kinds(screen, calibration)
    screen.tell()
    for line in sentences(calibration):
        screen.print(Text(line))
    for line in (_NOTES[calibration.apart.by], _INTERVAL):
        screen.print(Text(line, "dim"))


def _print_kinds(screen: Screen, calibration: "Calibration") -> None:
    head = "".join(f"{each:>{_COUNT}g}" for each in calibration.thresholds)
    screen.tell(Text(f"{'found, in %':<{_KIND}}{'tries':>{_COUNT}}{head}", "dim"))
    for kind in calibration.kinds:
        counts = [calibration.found(each, kind) for each in calibration.thresholds]
        shares = "".join(f"{100 * each.share:>{_COUNT}.0f}" for each in counts)
        screen.tell(f"{kind:<{_KIND}}{counts[0].of:>{_COUNT},}{shares}")


def sentences(calibration: "Calibration") -> list[str]:
    """What was measured and what follows, one sentence a line."""
    at = calibration.recommended
    found, (here, most) = calibration.found(at), calibration.wrong_here(at)
    edits = f"{counted(found.of, 'edited copy')} of {counted(len(calibration.sample), 'photo')}"
    pairs = f"{counted(calibration.apart.pairs, 'pair')} of unrelated photos"
    if not calibration.apart.pairs:
        often = "no two photos here are of different days or folders, so what is wrong is not known"
    elif here > 0:
        often = f"one wrong pair per {_rounded(calibration.photos / here)} photos"
    else:
        often = f"no wrong pair was seen, at most {_rounded(most)} are to be expected"
    lines = [
        f"Measured on {edits} and on {pairs}.",
        f"--threshold {at:g} finds {100 * found.share:.0f} % of the copies"
        f"{_best_and_worst(calibration)}; {often}.",
        f"Recommended: {at:g}, {calibration.reason}.",
    ]
    if calibration.apart.same:
        lines.append(
            f"{counted(calibration.apart.same, 'pair')} were left out: by their DCT hashes they "
            "are one picture."
        )
    return lines


def _best_and_worst(calibration: "Calibration") -> str:
    """`, from 100 % of re-encoded to 12 % of collage`."""
    at = calibration.recommended
    by_share = sorted(calibration.kinds, key=lambda kind: -calibration.found(at, kind).share)
    if len(by_share) < 2:
        return ""
    best, worst = (f"{100 * calibration.found(at, kind).share:.0f} % ({kind})"
                   for kind in (by_share[0], by_share[-1]))  # fmt: skip
    return f", from {best} to {worst}"


def _here(calibration: "Calibration", threshold: float) -> str:
    if not calibration.apart.pairs:
        return "not known"
    here, most = calibration.wrong_here(threshold)
    return f"{_rounded(here)} (at most {_rounded(most)})"


def _share(found: "Found") -> str:
    low, high = found.interval
    return f"{100 * found.share:.0f} % ({100 * low:.0f} to {100 * high:.0f})"


def _one_in(wrong: "Found") -> str:
    """How rare a wrong pair is; where none was seen, how rare at least (the rule of three)."""
    if not wrong.of:
        return "not known"
    if not wrong.found:
        return f"fewer than 1 in {_rounded(max(1.0, wrong.of / 3))}"
    return f"1 in {_rounded(wrong.of / wrong.found)}"


def _rounded(number: float) -> str:
    """Two digits that count: `0`, `0.3`, `2.4`, `87`, `33,000`."""
    if not number:
        return "0"
    short = float(f"{number:.2g}")
    return f"{short:,.0f}" if short >= 10 else f"{short:g}"
