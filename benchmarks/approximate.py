"""How many of the nearest photos faiss finds, and how long it takes, beside comparing every two.

    python benchmarks/approximate.py --index ~/.local/share/dedupe/index.db   # real photos
    python benchmarks/approximate.py --count 100000                           # made-up ones

Made-up vectors are noise in 1,280 directions and their hashes have nothing to do with them: no
real library is as hard to cut into cells. Nothing beside the index is read or written, and parts
of pictures are left out.
"""

import argparse
import resource
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from made_up_library import fill
from remembered_pairs import made_up

from dedupe.index.library import Library, open_library
from dedupe.matching.near import approximate, candidates, in_fields
from dedupe.matching.near.distances import pairs_within


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--index", type=Path, help="of real photos")
    parser.add_argument("--encoder", help="of the index")
    parser.add_argument("--count", type=int, default=20_000, help="of made-up photos")
    parser.add_argument("--cells", type=int, nargs="*", default=[4, 8, 16, 32])
    parser.add_argument("--only", action="store_true", help="do not compare every two as well")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        index = options.index or Path(folder) / "index.db"
        if options.index is None:
            vectors = made_up(options.count)
            fill(index, (vectors[at : at + 1000] for at in range(0, len(vectors), 1000)))
        library = replace(open_library(index=index, encoder=options.encoder), index=Path(folder))
        pairs_within(library.vectors[:256], 1.0, device="cpu")  # torch is imported, and warm
        print(f"{len(library.first_rows):,} photos, {library.encoder.name}\n")
        measure(library, options.cells, only=options.only)
    print(f"\nmemory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3:.0f} MB at most")


def measure(library: Library, cells: list[int], *, only: bool) -> None:
    """One line for all pairs, one for each number of cells."""
    # made-up photos have no thumbnails to look into
    candidates._look_inside = lambda _, __, parts, ___: (parts, np.empty(0, np.int64))
    in_fields.look_into = lambda _, __, known, *___: (known, 0)
    print("| looked into | s | pairs | of all | recall as said |\n|---|---|---|---|---|")
    exact = None if only else found(library, "every two", 10**9, None)
    for each in cells:
        approximate._CELLS = each
        found(library, f"{each} cells", 0, exact)


def found(
    library: Library, what: str, above: int, exact: npt.NDArray[np.int64] | None
) -> npt.NDArray[np.int64]:
    approximate.ABOVE = above
    began = time.monotonic()
    its = candidates.candidates(library, device="cpu")
    took = time.monotonic() - began
    share = (
        ""
        if exact is None
        else f"{len(set(codes(its.pairs)) & set(codes(exact))) / len(exact):.4f}"
    )
    said = "" if its.recall is None else f"{its.recall:.4f}"
    print(f"| {what} | {took:.1f} | {len(its.pairs):,} | {share} | {said} |", flush=True)
    return its.pairs


def codes(pairs: npt.NDArray[np.int64]) -> list[int]:
    return (pairs[:, 0] << 32 | pairs[:, 1]).tolist()


if __name__ == "__main__":
    main()
