"""Photos found in random orders, in one and in several scans: the same groups, byte for byte.

    python benchmarks/any_order.py [FOLDER] [--photos 30] [--orders 20]

Each order goes into a new index, in 1, 2, 3 or 5 scans, and after each scan what is there is
verified and grouped, so that the last answer rests on what the earlier ones remembered. The
JSON of `dedupe group` is compared, without the name of the index.
"""

import argparse
import hashlib
import io
import os
import random
import tempfile
from collections import Counter
from pathlib import Path

from dedupe.index.library import open_library
from dedupe.index.scan import update_index
from dedupe.matching.sets.clusters import find_clusters
from dedupe.matching.sets.groups import find_groups
from dedupe.matching.sets.verified import verify
from dedupe.organize.keep.ranking import DEFAULT_KEEP
from dedupe.reports.facts import Overview, look_alikes
from dedupe.reports.registry import REPORTS

SAMPLES = Path(__file__).resolve().parents[1] / "sample_photos"
SCANS = (1, 2, 3, 5)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path, nargs="?", default=SAMPLES)
    parser.add_argument("--photos", type=int, default=30)
    parser.add_argument("--orders", type=int, default=20)
    options = parser.parse_args()
    folder = Path(os.path.realpath(options.folder))
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    chance = random.Random(7)
    files = chance.sample(files, min(options.photos, len(files)))
    answers: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as temporary:
        for number in range(options.orders):
            chance.shuffle(files)
            scans = SCANS[number % len(SCANS)]
            answer = told(files, scans, Path(temporary) / f"{number}.db")
            answers[hashlib.sha256(answer).hexdigest()[:16]] += 1
            print(f"order {number + 1}, {scans} scans: {len(answer):,} bytes", flush=True)
    print(f"{len(files)} photos, {options.orders} orders: {len(answers)} different answers")


def told(files: list[Path], scans: int, index: Path) -> bytes:
    """The report on photos that came in several scans."""
    for start in range(scans):
        update_index(files[start::scans], index=index)
        library = open_library(index=index)
        groups = find_groups(library, verdicts=verify(library))
        kinds = find_clusters(library, groups)
    overview = Overview(
        sets=tuple(look_alikes(each, DEFAULT_KEEP) for each in groups),
        clusters=tuple(kinds),
        photos=len(library.photos),
        threshold=16.0,
        relation="look-alike",
        encoder=library.encoder.name,
    )
    text = io.StringIO()
    REPORTS["json"].overview(overview, text)
    return text.getvalue().encode()


if __name__ == "__main__":
    main()
