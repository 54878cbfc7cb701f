"""A scan of a tree of odd names, links, pipes and half files, held against what its maker wrote.

    python benchmarks/nasty_tree.py TREE MANIFEST    # a JSON list of path, expect, case

`expect` says what must become of a path (Latin-1 of its bytes, below TREE):

    index    in the index, byte for byte     same     another name of a photo that is
    skip     passed over, with a reason      report   a problem, with a reason
    never-touch, keep                        as it was

Every entry but folders must have its answer; the scan must end by itself, within ten minutes and
without a traceback, and nothing in the tree may be another afterwards.
"""

import argparse
import json
import os
import stat
import subprocess
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from dedupe.index.library import open_library

# what may become of an entry
ANSWERS = {
    "index": {"index"},
    "same": {"index"},
    "skip": {"skip", "report"},
    "report": {"report"},
    "index-or-report": {"index", "report"},
    "never-touch": {"index", "skip", "report", "unnamed"},
    "keep": {"index", "skip", "report", "unnamed"},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("tree", type=Path)
    parser.add_argument("manifest", type=Path)
    options = parser.parse_args()
    root = os.fsencode(options.tree.resolve())
    before = state(root)
    with TemporaryDirectory() as folder:
        index = Path(folder) / "index.db"
        command = [sys.executable, "-c", "from dedupe.cli import main; main()", "scan"]
        done = subprocess.run(
            [*command, options.tree, "--index", index], capture_output=True, timeout=600
        )
        said = answers(index)
    wrong = 0
    kinds: Counter[str] = Counter()
    for entry in json.loads(options.manifest.read_text("utf-8")):
        path = os.path.join(root, entry["path"].encode("latin-1"))  # noqa: PTH118 - bytes
        answer, reason = said.get(path, ("unnamed", ""))
        if "count" in entry:  # a folder of so many photos
            inside = sum(each.startswith(path + b"/") for each in said)
            answer = "index" if inside == entry["count"] else f"{inside} photos"
        kinds[f"{entry['expect']}: {answer}"] += 1
        if answer in ANSWERS[entry["expect"]] or is_inside(path, said):
            continue
        if entry["case"].startswith("perm:") and answer == "index" and os.geteuid() == 0:
            kinds["of these, read by root alone"] += 1
            continue
        wrong += 1
        print(f"{entry['case']}: {entry['expect']}, but {answer} {reason} {path[:300]!r}")
    print(f"exit code {done.returncode}, tracebacks {done.stderr.count(b'Traceback')}")
    print(", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items())))
    print(f"{wrong} wrong, {sum(state(root)[each] != was for each, was in before.items())} changed")
    sys.exit(bool(wrong or b"Traceback" in done.stderr or done.returncode not in (0, 3)))


def answers(index: Path) -> dict[bytes, tuple[str, str]]:
    """What became of each path, and why."""
    library = open_library(index=index)
    found = {os.fsencode(photo.path): ("index", "") for photo in library.photos}
    for photo in library.photos:
        found.update({os.fsencode(each): ("index", "") for each in photo.hard_links})
    for skip in library.skips:
        found[os.fsencode(skip.path)] = ("report" if skip.problem else "skip", skip.reason)
    return found


def is_inside(path: bytes, said: dict[bytes, tuple[str, str]]) -> bool:
    """Whether a folder above it was passed over, and named."""
    while len(path) > 1:
        path = os.path.dirname(path)  # noqa: PTH120 - bytes
        if said.get(path, ("", ""))[0] in ("skip", "report"):
            return True
    return False


def state(root: bytes) -> dict[bytes, tuple[int, ...]]:
    """Type, inode, time of change and size of everything below a folder, however deep."""
    found = {}
    for folder, folders, files, handle in os.fwalk(root):
        for name in folders + files:
            info = os.lstat(name, dir_fd=handle)
            size = info.st_size if stat.S_ISREG(info.st_mode) else 0
            found[folder + b"/" + name] = (info.st_mode, info.st_ino, info.st_mtime_ns, size)
    return found


if __name__ == "__main__":
    main()
