"""Everything that can go wrong, as one tree.

    DedupeError                 1
    ├── UsageError              2   what was asked for cannot be done that way
    │   └── UnknownName         2   no encoder, keep rule, action or report of that name
    ├── PhotoUnreadable         1   one file that is no photo, or a broken one
    ├── RootMissing             1   a folder to scan is not there, or suddenly empty
    ├── WeightsMissing          1   an encoder's weights are not on this machine
    ├── WeightsRefused          1   a weights file is not what it should be
    ├── DeviceMissing           1   the asked-for device is not on this machine
    ├── IndexProblem            1   the index is missing, locked, newer, or no index
    │   └── IndexDamaged        1   the index is ours and damaged; a scan makes it anew
    ├── JournalProblem          1   the journal of actions is in use, newer, or damaged
    ├── PlanRefused             1   a saved plan is damaged, newer, or does what no plan does
    ├── ActionStopped           1   the disk or the system stopped an action half way
    └── Interrupted           130   Ctrl-C; 143 for SIGTERM

The number is the exit code. Every error has a message (which file, what was
expected, what was found) and a hint (what state things are in, what to do next):

    try:
        library = dedupe.scan("~/Photos")
    except dedupe.DedupeError as error:
        print(error, error.hint)
"""

from collections.abc import Iterable
from difflib import get_close_matches


class DedupeError(Exception):
    """Base of all errors that a user can do something about.

    Attributes:
        exit_code: what the command line ends with.
        hint: the next step, or "" where the message says it all.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class UsageError(DedupeError):
    """What was asked for cannot be done that way; nothing was done."""

    exit_code = 2


class UnknownName(UsageError):
    """A registry has no entry of that name; the hint lists those it has."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        known = list(known)
        near = get_close_matches(name, known, n=1)
        super().__init__(f"there is no {kind} called {name!r}")
        self.hint = (f"did you mean {near[0]!r}? " if near else "") + f"known: {', '.join(known)}"


class PhotoUnreadable(DedupeError):
    """One file could not be read as a photo."""


class RootMissing(DedupeError):
    """A folder that should be scanned is not there, or is suddenly empty."""


class WeightsMissing(DedupeError):
    """The weights of an encoder are not on this machine and could not be fetched."""


class WeightsRefused(DedupeError):
    """A weights file is not the one it should be, so it was not loaded."""


class DeviceMissing(DedupeError):
    """The device that was asked for is not on this machine."""


class IndexProblem(DedupeError):
    """The index is missing, in use, of a newer version, or damaged."""


class IndexDamaged(IndexProblem):
    """The index is one of ours and damaged: what it says cannot be believed."""


class JournalProblem(DedupeError):
    """The journal of actions is in use by another run, of a newer version, or damaged."""


class PlanRefused(DedupeError):
    """A saved plan cannot be read, is newer, or would do what no plan does; nothing was done."""


class ActionStopped(DedupeError):
    """An action was stopped half way; what was done is journalled and can be undone."""


class Interrupted(DedupeError):
    """The user or the system asked to stop; finished work was kept."""

    def __init__(self, message: str, hint: str = "", *, exit_code: int = 130) -> None:
        super().__init__(message, hint)
        self.exit_code = exit_code
