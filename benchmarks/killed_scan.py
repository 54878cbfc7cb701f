"""Scans that are killed again and again: does the index open, and is it complete in the end?

    python benchmarks/killed_scan.py run FOLDER --kills 200     # all of it
    python benchmarks/killed_scan.py scan FOLDER INDEX          # the single steps, for another
    python benchmarks/killed_scan.py check INDEX                # program that kills
    python benchmarks/killed_scan.py same INDEX OTHER

`run` scans FOLDER once unbroken and then into another index, in as many runs as it takes, each
killed with SIGKILL at a random moment after its process began to write. The encoder is a stand-in
(coarse pixels), so that the time goes into what can be killed and not into importing torch.
"""

import argparse
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt

from dedupe.encoders import encode
from dedupe.encoders.identity import known_fingerprint
from dedupe.encoders.registry import DEFAULT_ENCODER, ENCODERS
from dedupe.errors import IndexProblem
from dedupe.index import scan as scanning
from dedupe.index.library import open_library

NOTHING_YET = ("there is no index", "is empty", "nothing was scanned yet")


class StandIn:
    """In the place of a LoadedEncoder."""

    batch = 2

    def __init__(self) -> None:
        self.encoder = ENCODERS[DEFAULT_ENCODER]
        self.fingerprint = known_fingerprint(self.encoder)

    def encode(
        self, pixels: npt.NDArray[np.uint8], *, spare_cores: int = 0
    ) -> npt.NDArray[np.float32]:
        """(B, crop, crop, 3) uint8 to (B, dim) float32."""
        vectors = np.zeros((len(pixels), self.encoder.dim), np.float32)
        vectors[:, :588] = pixels[:, ::16, ::16].reshape(len(pixels), -1) / 50
        time.sleep(0.002)
        return vectors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("what", choices=("run", "scan", "check", "same"))
    parser.add_argument("paths", type=Path, nargs="+")
    parser.add_argument("--kills", type=int, default=200)
    options = parser.parse_args()
    if options.what == "scan":
        scan(*options.paths)
    elif options.what == "check":
        print(count(options.paths[0]))
    elif options.what == "same":
        sys.exit(known(options.paths[0]) != known(options.paths[1]))
    else:
        run(options.paths[0], options.kills)


def scan(folder: Path, index: Path) -> None:
    """Scan with the stand-in, two photos a batch."""
    encode.load_encoder = lambda *_, **__: StandIn()  # type: ignore[assignment,return-value]
    scanning.BATCH = 2
    scanning.update_index([folder], index=index, workers=0)


def count(index: Path) -> int:
    """How many photos an index knows; none where a scan was killed before its first batch."""
    try:
        return len(open_library(index=index).photos)
    except IndexProblem as problem:
        if any(words in str(problem) for words in NOTHING_YET):
            return 0
        raise


def known(index: Path) -> tuple[object, ...]:
    """All that the index says."""
    library = open_library(index=index)
    return library.photos, library.vectors.tobytes(), library.skips, library.encoder.fingerprint


def run(folder: Path, kills: int) -> None:
    """Kill, check, go on; print what came of it."""
    rng = random.Random(1)
    with TemporaryDirectory() as temporary:
        unbroken, index = Path(temporary) / "unbroken.db", Path(temporary) / "index.db"
        command = [sys.executable, __file__, "scan", folder]
        started = time.monotonic()
        subprocess.run([*command, unbroken], check=True)
        whole = time.monotonic() - started
        bad = ended = before = 0
        for _ in range(kills):
            if ended and index.exists():  # complete: once more from the beginning
                before = 0
                for path in Path(temporary).glob("index.*"):
                    path.unlink()
            process = subprocess.Popen([*command, index])
            time.sleep(rng.uniform(0.2 * whole, whole))
            process.send_signal(signal.SIGKILL)
            ended = process.wait() == 0
            check = [sys.executable, __file__, "check", index]
            done = subprocess.run(check, capture_output=True, text=True, check=False)
            if done.returncode or int(done.stdout) < before:
                bad += 1
                print((done.stderr or f"fewer than the {before} before").splitlines()[-1])
            else:
                before = int(done.stdout)
        subprocess.run([*command, index], check=True)
        same = known(index) == known(unbroken)
    print(f"{kills} kills, {bad} bad checks, in the end equal to an unbroken scan: {same}")


if __name__ == "__main__":
    main()
