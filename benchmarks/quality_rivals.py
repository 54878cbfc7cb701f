"""Other finders of the same picture, each run in an environment of its own, and their answers.

A program gets the folder and the file for its answer: {"sets": [...]} or {"pairs": [...]}.
"""

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from quality_score import Answer, joined
from rivals import Tool, _version

_HEAD = """
import json, sys
from pathlib import Path
FOLDER, ANSWER, *MORE = sys.argv[1:]
def answer(**found):
    Path(ANSWER).write_text(json.dumps(found, default=str))
"""

_IMAGEHASH = """
import imagehash, numpy, pillow_heif
from PIL import Image
pillow_heif.register_heif_opener()
names, hashes = [], []
for path in sorted(Path(FOLDER).rglob("*")):
    try:
        with Image.open(path) as image:
            hashes.append(imagehash.phash(image).hash.ravel())
            names.append(path)
    except OSError:
        pass
hashes, pairs = numpy.array(hashes), []
for row in range(len(hashes)):
    near = (hashes[row + 1 :] != hashes[row]).sum(axis=1) <= int(MORE[0])
    pairs += [(names[row], names[row + 1 + other]) for other in numpy.flatnonzero(near)]
answer(pairs=pairs)
"""

_IMAGEDEDUP = """
from imagededup.methods import PHash
if __name__ == "__main__":
    finder = PHash()
    found = finder.find_duplicates(image_dir=FOLDER, max_distance_threshold=int(MORE[0]))
    answer(pairs=[(name, other) for name, near in found.items() for other in near])
"""

_IMGCHECK = """
import imgcheck
if __name__ == "__main__":
    paths = imgcheck.get_image_paths(FOLDER)
    hashes = imgcheck.compute_hashes(paths, algo="phash", hash_size=8, rotation_invariant=True)
    if isinstance(hashes, tuple):
        hashes = hashes[0]
    found = imgcheck.cluster_duplicates(hashes, int(MORE[0]), method="single")
    answer(sets=[each.members for each in found])
"""

_CZKAWKA = """
from czkawka import ImageSimilarity
finder = ImageSimilarity()
finder.set_directories([Path(FOLDER)])
finder.set_similarity(int(MORE[0]))
answer(sets=finder.find_similar())
"""

_FASTDUP = """
import tempfile, fastdup
if __name__ == "__main__":
    data = fastdup.create(work_dir=tempfile.mkdtemp(dir="."), input_dir=FOLDER)
    data.run(ccthreshold=float(MORE[0]), threshold=float(MORE[0]) - 0.06)
    table, sets = data.connected_components()[0], {}
    for number, name in zip(table["component_id"], table["filename"]):
        sets.setdefault(number, []).append(name)
    answer(sets=list(sets.values()))
"""


@dataclass(frozen=True)
class Finder:
    """A rival with one setting.

    Attributes:
        name: how the table names it.
        venv: the folder below VENVS, and the distribution whose version is told.
        program: what its Python runs; or "" where `command` is run.
        settings: what the program or command is given besides.
        read: turns the answer file into an Answer.
    """

    name: str
    venv: str
    program: str
    settings: tuple[str, ...]
    read: Callable[[str], Answer]


def _told(text: str) -> Answer:
    found = json.loads(text)
    return Answer(found.get("sets", ()), found.get("pairs"))


def _immaculate(text: str) -> Answer:
    """Its near sets hold a member or all of its exact ones: what hangs together is one set."""
    found = json.loads(text)
    return Answer(
        joined(pair for each in found["exact"] + found["near"] for pair in pairwise(each))
    )


def _image_dedup_ai(text: str) -> Answer:
    groups = json.loads(text)["groups"]
    return Answer([[each["path"] if isinstance(each, dict) else each for each in group]
                   for group in groups])  # fmt: skip


# Each at the setting that was best on such sets (pHash 12 and 8: the one for 2,000 files, the
# other for 10,000); {folder} where a rival is run by its own command.
FINDERS = (
    Finder("immaculate SSCD", "immaculate", "", ("--json", "--method", "sscd"), _immaculate),
    Finder(
        "immaculate SSCD distilled", "immaculate", "", ("--json", "--method", "sscd_distilled"),
        _immaculate,
    ),
    Finder("immaculate PDQ", "immaculate", "", ("--json", "--method", "pdq"), _immaculate),
    Finder("imagehash pHash 12", "imagehash", _IMAGEHASH, ("12",), _told),
    Finder("imagehash pHash 8", "imagehash", _IMAGEHASH, ("8",), _told),
    Finder("imagededup pHash 10", "imagededup", _IMAGEDEDUP, ("10",), _told),
    Finder("imgcheck, turned, 8", "imgcheck", _IMGCHECK, ("8",), _told),
    Finder("image-dedup-ai", "image-dedup-ai", "", ("--json",), _image_dedup_ai),
    Finder("fastdup 0.96", "fastdup", _FASTDUP, ("0.96",), _told),
    Finder("czkawka core 15", "czkawka", _CZKAWKA, ("15",), _told),
)  # fmt: skip


def installed(home: Path) -> tuple[list[tuple[Finder, Tool]], list[str]]:
    """The rivals below `home`, ready to run, and the names of those that are not there."""
    ready, missing = [], []
    for finder in FINDERS:
        folder = home / finder.venv / "bin"
        try:
            version = _version(folder / "python", finder.venv)
        except (OSError, subprocess.CalledProcessError):
            missing.append(finder.name)
            continue
        program = (str(folder / "python"), "-c", _HEAD + finder.program, "{folder}", "{answer}")
        command = program if finder.program else (str(folder / finder.venv), "{folder}")
        tool = Tool(finder.name, version, "", (*command, *finder.settings))
        ready.append((finder, tool))
    return ready, missing
