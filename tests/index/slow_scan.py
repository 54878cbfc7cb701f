"""Scans FOLDER into INDEX, says every finished batch, and takes its time: made to be killed."""

import sys
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
from quick import Quick

from dedupe.encoders import encode
from dedupe.index import scan as scanning


class Slow(Quick):
    batch = 2

    def encode(
        self, batch: npt.NDArray[np.uint8], *, spare_cores: int = 0
    ) -> npt.NDArray[np.float32]:
        time.sleep(0.02)
        return super().encode(batch)


class Telling:
    """Says when there is something to read, and every batch that was encoded."""

    def start(self, what: str, total: int) -> None:
        self._looking = what == "Looking through folders"
        if what == "Reading photos":
            self._tell()

    def advance(self, count: int = 1) -> None:
        if not self._looking:
            self._tell()

    def _tell(self) -> None:
        sys.stdout.write(".\n")
        sys.stdout.flush()


if __name__ == "__main__":
    encode.load_encoder = lambda name, **_: Slow(name)  # type: ignore[assignment,return-value]
    scanning.BATCH = 2
    scanning.update_index([sys.argv[1]], index=Path(sys.argv[2]), workers=1, progress=Telling())
