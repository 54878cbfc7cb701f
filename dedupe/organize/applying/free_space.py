"""Is there room for what will be written? Asked before the first step, changes nothing."""

import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from dedupe.errors import UsageError
from dedupe.names import safe
from dedupe.organize.steps import Step

_BLOCK = 4096  # what a file takes on most file systems is a multiple of it


def refuse_without_room(steps: Iterable[Step]) -> None:
    """See to it that every copy fits, and every move to another drive.

    What the steps before free on the same drive is not counted, nor are quotas known. Where it
    cannot be told, the disk will say so at the file that does not fit.

    Raises:
        UsageError: a drive has less room than is needed; nothing was changed.
    """
    needed: dict[int, int] = {}
    somewhere: dict[int, Path] = {}
    for step in steps:
        if not (step.goes_along or step.verb in {"move", "copy"}):
            continue
        with suppress(OSError):
            folder = next(path for path in step.target.parents if path.is_dir())
            drive = folder.stat().st_dev
            if not step.moves or _drive_of(step.source) != drive:
                needed[drive] = needed.get(drive, 0) + -(-step.size // _BLOCK) * _BLOCK
                somewhere[drive] = folder
    for drive, count in needed.items():
        folder = somewhere[drive]
        try:
            free = shutil.disk_usage(folder).free
        except OSError:
            continue
        if count > free:
            raise UsageError(
                f"{safe(folder)} has no room: {count:,} bytes are to be written, {free:,} are free",
                "nothing was changed; make room there, or use another folder",
            )


def _drive_of(photo: Path) -> int:
    return os.lstat(photo).st_dev
