"""Reads every file of a folder as a scan does, and says what came of each.

    python benchmarks/hostile.py FOLDER [--list]

For folders of broken, hostile and odd pictures. What is counted: files, answers, reasons, crashes
and stops of the processes that decode, and the most memory that one of them ever had. Linux only.
"""

import argparse
import re
import time
from collections import Counter
from pathlib import Path

from dedupe.encoders.registry import DEFAULT_ENCODER, find_encoder
from dedupe.photos.decode import Reading, Wants
from dedupe.photos.discover import discover
from dedupe.photos.photo import PhotoFile
from dedupe.photos.workers import Readers, Worker

KIND = re.compile(r"^[^(:;\d]+")


class Watched(Worker):
    """Notes how much memory each of its processes had, and how many there were."""

    started = 0
    peak = 0

    def _start(self):  # type: ignore[no-untyped-def]
        Watched.started += 1
        return super()._start()

    def reap(self) -> int:  # noqa: D102
        self.note()
        return super().reap()

    def note(self) -> None:
        """Read the high-water mark of the present process."""
        try:
            assert self._process is not None
            status = Path(f"/proc/{self._process.pid}/status").read_text()
        except (OSError, AssertionError):
            return
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        if found:
            Watched.peak = max(Watched.peak, int(found[1]) * 1024)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--list", action="store_true", help="name every file with its answer")
    options = parser.parse_args()
    files = [each for each in discover([options.folder]) if isinstance(each, PhotoFile)]
    wants = Wants.of(find_encoder(DEFAULT_ENCODER))
    outcomes: Counter[str] = Counter()
    start = time.monotonic()
    slowest, answers = (0.0, Path()), 0
    with Readers(wants, workers=2, thumbnails=True) as readers:
        for worker in readers._workers:
            worker.__class__ = Watched
        before = start
        for file, answer in zip(files, readers.read(files), strict=True):
            answers += 1
            read = isinstance(answer, Reading)
            reason = "read" if isinstance(answer, Reading) else answer.reason
            found = KIND.match(reason)
            outcomes["read" if read else (found[0] if found else reason).strip()] += 1
            now = time.monotonic()
            slowest, before = max(slowest, (now - before, file.path)), now
            for worker in readers._workers:
                worker.note()  # type: ignore[attr-defined]
            if options.list:
                print(f"{file.path.relative_to(options.folder)}: {reason}")
    print(f"{len(files)} files, {answers} answers in {time.monotonic() - start:.0f} s")
    print(f"processes started: {Watched.started} (2 and one more for each that ended early)")
    print(f"most memory of one: {Watched.peak / 1e6:.0f} MB")
    print(f"longest wait for an answer: {slowest[0]:.1f} s ({slowest[1].name})\n")
    for reason, count in outcomes.most_common():
        print(f"{count:6}  {reason}")


if __name__ == "__main__":
    main()
