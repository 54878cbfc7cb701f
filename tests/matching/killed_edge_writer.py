"""Asks for the near pairs of 4, 6, 8... photos of INDEX, once for each line: made to be killed."""

import sys
from pathlib import Path

from photos_by_number import library

from dedupe.index import edges
from dedupe.matching.near import remembered

if __name__ == "__main__":
    remembered.WORTH = 2
    edges._BLOCK = 16  # as the one who reads what it wrote has it
    edges.MOST_SEGMENTS = 3  # written anew every other time
    index = Path(sys.argv[1])
    remembered.near_pairs(library(index, range(2)), 16.0)  # torch is imported
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    edges.EdgeFile(index, "quick-1").path.unlink(missing_ok=True)
    for count in range(4, 60, 2):
        sys.stdin.readline()
        remembered.near_pairs(library(index, range(count)), 16.0)
        sys.stdout.write(f"{count}\n")
        sys.stdout.flush()
