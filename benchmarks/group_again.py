"""What `dedupe group` takes of a large library once all of its pairs were verified.

    python benchmarks/group_again.py                    # 100,000 photos
    python benchmarks/group_again.py --count 20000

The photos are made up: an index with vectors and hashes, one thumbnail for all, no files; and words
of which two photos share as many as two of different people do (0.003). Every tenth has two
look-alikes, and pairs within --related seed units are remembered as one picture, the
other candidates as unrelated. What is measured is all but starting Python and torch, verifying,
and printing: the library is opened, candidates are found for the first time and found again; then
verdicts, sets and clusters are put together, and asked for again at other thresholds; and all of
it, candidates and near pairs included, is done with 100 more photos, several times, each time from
what there was before they came. Each of these is a process of its own, as a command is: what it
imports beside torch counts.
"""

import argparse
import gc
import io
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from made_up_library import fill
from PIL import Image
from remembered_pairs import ADDED, DIM, made_up

from dedupe.cores import share_cores
from dedupe.index.indexed import dct_hashes, photos_at
from dedupe.index.library import Library, open_library
from dedupe.index.neighbours import neighbour_keys
from dedupe.index.store import Index
from dedupe.index.verdicts import remember_evidence
from dedupe.index.words import NUMBER_BITS, Shelf, WordFile
from dedupe.matching.near.candidates import candidates
from dedupe.matching.near.distances import pairs_within
from dedupe.matching.near.measure import subtracted
from dedupe.matching.near.remembered import near_pairs
from dedupe.matching.near.words import words_method
from dedupe.matching.pairs.agreement import Agreement
from dedupe.matching.pairs.evidence import Evidence, packed
from dedupe.matching.pairs.examination import method
from dedupe.matching.points.words import WORD_BITS, WORDS
from dedupe.matching.sets.clusters import find_clusters
from dedupe.matching.sets.groups import find_groups
from dedupe.matching.sets.verified import verify

BATCH = 1000

# Of 256 words, those that come of so many: of any two photos 0.003 are the same.
COMMON, OF = 64, 1_370_000

T = TypeVar("T")

SAME = Evidence(
    inliers=200,
    homography=np.eye(3),
    mirrored=False,
    form="whole",
    agreement=Agreement(
        texture=0.8, share=1.0, colour=1.0, beneath=1.0, tone=0.0, chroma=(1.0, 1.0)
    ),
    of_first=1.0,
    of_second=1.0,
    news=(0.0, 0.0),
    motion=0.0,
    sizes=((320, 240), (320, 240)),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5, help="with more photos")
    parser.add_argument("--related", type=float, default=8.0, help="one picture up to here")
    options = parser.parse_args()
    share_cores()  # of the processes that are started from here
    vectors = made_up(options.count + ADDED)
    pairs_within(vectors[:256], 1.0, device="cpu")  # torch is imported, and warm
    print(f"{options.count:,} x {DIM}\n\n| | s | |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        index = Path(folder) / "index.db"
        add(index, vectors[: options.count], 0)
        give_words(open_library(index=index))
        library = timed("open the library", lambda: open_library(index=index), lambda _: "")
        wanted = timed("candidates, first", lambda: found(library), count)
        remember(library, wanted, options.related)
        timed("candidates, again", lambda: found(library), count)
        again(index)
        before = answers(index)
        add(index, vectors[options.count :], options.count)
        give_words(open_library(index=index))
        library = open_library(index=index)
        more = timed(
            f"candidates, {ADDED} photos more",
            lambda: candidates(library, device="cpu"),
            lambda each: count(each.pairs),
        )
        timed(
            f"near pairs, {ADDED} photos more",
            lambda: near_pairs(library, 16.0, listed=more.near, device="cpu"),
            count,
        )
        remember(library, more.pairs, options.related)
        for _ in range(options.rounds):
            put_back(index, before)
            alone(index, 16.0, f", {ADDED} photos more")
        for path in sorted(Path(folder).iterdir()):
            print(f"  {path.name}: {path.stat().st_size / 1e6:.0f} MB")
    whose = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN
    most = max(resource.getrusage(each).ru_maxrss for each in whose)
    print(f"memory: {most / 1e3:.0f} MB at most")


def answers(index: Path) -> dict[Path, bytes]:
    """All that is remembered beside the index but vectors, and words, which a scan could find."""
    kept = ("vectors", "words", "lock")
    paths = [path for path in index.parent.iterdir() if path != index]
    return {path: path.read_bytes() for path in paths if not path.name.endswith(kept)}


def put_back(index: Path, before: dict[Path, bytes]) -> None:
    """As it was: only the pairs themselves were verified since."""
    for path in answers(index):
        path.unlink()
    for path, data in before.items():
        path.write_bytes(data)


def again(index: Path) -> None:
    """All that a run needs where nothing is new: put together once, then at other thresholds."""
    alone(index, 16.0, ", put together")
    for threshold in (14.0, 15.0, 16.0):
        alone(index, threshold, ", again")


def alone(index: Path, threshold: float, then: str) -> None:
    """All of it in a process of its own."""
    spawn = multiprocessing.get_context("spawn")
    process = spawn.Process(target=started, args=(index, threshold, then))
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(f"a round ended with {process.exitcode}")


def started(index: Path, threshold: float, then: str) -> None:
    """What such a process does: torch is imported, and warm, and the library open before."""
    pairs_within(np.zeros((256, DIM), np.float16), 1.0, device="cpu")
    library = open_library(index=index)
    gc.freeze()  # as the command does
    everything(library, threshold, then)


def everything(library: Library, threshold: float, then: str) -> None:
    """Verdicts, sets and clusters at one threshold."""
    began = time.monotonic()
    verdicts = timed(
        f"verdicts{then}", lambda: verify(library, device="cpu"), lambda each: f"{each.verified:,}"
    )
    groups = timed(
        f"sets at {threshold:g}{then}",
        lambda: find_groups(library, threshold, verdicts=verdicts, device="cpu"),
        count,
    )
    timed(f"clusters{then}", lambda: find_clusters(library, groups, verdicts=verdicts), count)
    print(f"| all{then} | **{time.monotonic() - began:.2f}** | |", flush=True)


def timed(what: str, work: Callable[[], T], told: Callable[[T], str]) -> T:
    began = time.monotonic()
    result = work()
    print(f"| {what} | {time.monotonic() - began:.2f} | {told(result)} |", flush=True)
    return result


def count(found: object) -> str:
    return f"{len(found):,}"  # type: ignore[arg-type]


def found(library: Library) -> npt.NDArray[np.int64]:
    return candidates(library, device="cpu").pairs


def add(index: Path, vectors: npt.NDArray[np.float16], first: int) -> None:
    """Photos to an index, all with one thumbnail."""
    data = io.BytesIO()
    Image.linear_gradient("L").resize((320, 240)).save(data, "JPEG")
    starts = range(0, len(vectors), BATCH)
    batches = (vectors[start : start + BATCH] for start in starts)
    fill(index, batches, first=first, thumbnail=data.getvalue())


def give_words(library: Library) -> None:
    """Made-up words to those photos that have none yet."""
    file, method = WordFile(library.index, library.encoder.fingerprint), words_method()
    known = file.read(method)
    photos = photos_at(library.photos, library.first_rows)
    keys = neighbour_keys(library.photo_keys, dct_hashes(photos))
    there = {known.keys[at : at + 16] for at in range(0, len(known.keys), 16)}
    own = (keys[at : at + 16] for at in range(0, len(keys), 16))
    new = [key for key in own if key not in there]
    chance = np.random.default_rng(known.photos)
    words = chance.integers(0, 1 << WORD_BITS, (len(new), WORDS), np.uint64)
    words[:, :COMMON] = chance.integers(0, OF, (len(new), COMMON), np.uint64) << np.uint64(14)
    numbers = np.arange(known.photos, known.photos + len(new), dtype=np.uint64)
    words = np.sort((words << np.uint64(NUMBER_BITS) | numbers[:, None]).ravel())
    marks = chance.integers(0, 1 << 16, len(words)).astype(np.uint16)
    file.append(known, method, b"".join(new), Shelf(words, marks, len(new)))


def remember(library: Library, pairs: npt.NDArray[np.int64], related: float) -> None:
    """As if all pairs had been verified."""
    rows = library.first_rows
    a, b = rows[pairs].T
    away = subtracted(library.vectors, library.vectors, a, b)
    contents = [photo.content for photo in library.photos]
    evidence = packed(SAME)
    with Index(library.index, lock=True) as store:
        for start in range(0, len(pairs), BATCH):
            part = slice(start, start + BATCH)
            ordered = [
                (min(contents[i], contents[j]), max(contents[i], contents[j]))
                for i, j in zip(a[part].tolist(), b[part].tolist(), strict=True)
            ]
            near = (away[part] <= related).tolist()
            both = list(zip(ordered, near, strict=True))
            with store.batch():
                remember_evidence(
                    store,
                    method(),
                    {pair: evidence for pair, same in both if same},
                    [pair for pair, same in both if not same],
                )


if __name__ == "__main__":
    main()
