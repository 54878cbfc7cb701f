"""How many edited copies `dedupe group` finds, what it gets wrong, and the same of others.

    python benchmarks/quality.py --photos FOLDER --originals 40 --negatives FOLDER --home VENVS
    python benchmarks/quality.py --set FOLDER                 a set that was made before
    python benchmarks/quality.py --pairs FOLDER/groups.csv    photos that belong together

A set is made of KNOWN_EDITS (`quality_set.py`), or read: a folder with `groups.csv`, whose
columns are path, group, attack and scene. Every tool gets the photos anew, without anything that
it remembers. VENVS holds an environment for each rival (see `rivals.py`); one without is named.

Of `dedupe` scan and group are run, and their CPU times added up. What counts: recall is the
share of edited files in one set with their original; precision, recall and F1 of pairs are those
of all pairs that the sets hold. Wrong pairs are split into those of one scene and unrelated ones.
CPU time is user and system time of a tool and of all that it waited for; memory is the most that
all its processes had together.

`--pairs` takes CSVs with the columns path (relative to the CSV) and group: how many pairs of one
group are in one set, by the weaker of their two relations to the photo that is kept.
"""

import argparse
import csv
import json
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from quality_rivals import installed
from quality_score import Answer, Score, score
from quality_set import Item, make_set, read_set
from rich.console import Console
from rich.table import Table
from rivals import OURS, Failed, Run, Tool, _version, run

from dedupe.encoders.encoder import SEED_THRESHOLD
from dedupe.matching.calibration.known_edits import KNOWN_EDITS

# the strongest first: of two photos of a set, the weaker of their relations counts
RELATIONS = (
    *("keep", "same file", "same pixels", "same picture", "same moment", "same scene"),
    "look-alike",
)
APART = "in no set together"


@dataclass(frozen=True)
class Result:
    """What one tool answered on a set, and what that cost."""

    name: str
    version: str
    score: Score
    cpu: float
    wall: float
    memory: int


@dataclass(frozen=True)
class Places:
    """Where a run may write, and how long it may take."""

    scratch: Path
    limit: float

    def new(self, name: str) -> Path:
        """A path that nothing lies at."""
        path = self.scratch / name
        path.unlink(missing_ok=True)
        return path


def main() -> None:
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with TemporaryDirectory() as temporary:
        places = Places(Path(temporary), options.limit)
        if options.pairs:
            found: Any = [pairs_of(path.resolve(), options, places) for path in options.pairs]
            show_pairs(found)
        else:
            folder, items = _set(options, places.scratch)
            results, notes = measured(folder, items, options, places)
            show(items, results, notes)
            found = {
                "files": len(items),
                "results": [asdict(each) for each in results],
                "notes": notes,
            }
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--photos", type=Path, nargs="+", help="folders of different photos")
    source.add_argument("--set", type=Path, help="a set that was made before")
    source.add_argument("--pairs", type=Path, nargs="+", help="CSVs with path and group")
    making = parser.add_argument_group("with --photos")
    making.add_argument("--originals", type=int, default=40)
    making.add_argument("--edits", default="", help="names, with commas between; all if none")
    making.add_argument("--each", type=int, default=0, help="edits of each original; 0: all")
    making.add_argument("--negatives", type=Path, nargs="*", default=[])
    making.add_argument("--most-negatives", type=int, default=1000)
    making.add_argument("--side", type=int, default=800, help="of an original, in pixels")
    making.add_argument("--seed", type=int, default=1)
    making.add_argument("--out", type=Path, help="keep the set there")
    parser.add_argument("--encoder", default="", help="of dedupe; its default if none")
    parser.add_argument("--weights", type=Path, help="of that encoder, where it has to be given")
    parser.add_argument("--threshold", type=float, default=SEED_THRESHOLD)
    parser.add_argument("--home", type=Path, help="the rivals' environments; dedupe alone if none")
    parser.add_argument("--only", nargs="*", default=[], help="parts of the names of tools to run")
    parser.add_argument("--limit", type=float, default=3600, help="seconds for one run")
    parser.add_argument("--json", type=Path, help="write the results there")
    return parser.parse_args()


def _set(options: argparse.Namespace, scratch: Path) -> tuple[Path, list[Item]]:
    if options.set:
        folder = options.set.resolve()
        return folder, read_set(folder)
    edits = options.edits.split(",") if options.edits else list(KNOWN_EDITS)
    if unknown := [name for name in edits if name not in KNOWN_EDITS]:
        sys.exit(f"no such edits: {', '.join(unknown)}; known: {', '.join(KNOWN_EDITS)}")
    folder = (options.out or scratch / "set").resolve()
    items = make_set(
        folder,
        options.photos,
        originals=options.originals,
        edits=edits,
        each=options.each,
        negatives=options.negatives,
        most_negatives=options.most_negatives,
        side=options.side,
        seed=options.seed,
    )
    return folder, items


# --- the tools


def measured(
    folder: Path, items: Sequence[Item], options: argparse.Namespace, places: Places
) -> tuple[list[Result], list[str]]:
    """What every tool made of a set, and what is to be noted."""
    photos = folder / "img"
    if not photos.is_dir():
        photos = folder
    results: list[Result] = []
    notes: list[str] = []
    if _wanted("dedupe", options.only):
        results.append(of_dedupe(photos, items, options, places))
        relation = (
            "same-picture" if has_relations() else f"look-alikes within {options.threshold:g}"
        )
        notes.append(f"dedupe: {relation}")
    ready, missing = installed(options.home.resolve()) if options.home else ([], [])
    for finder, tool in ready:
        if not _wanted(finder.name, options.only):
            continue
        print(finder.name, file=sys.stderr)
        answer = places.new("answer.json")
        try:
            done = run(
                tool, photos, places.new("none"), places.scratch, places.limit, answer=answer
            )
            scored = score(finder.read(answer.read_text()), items)
        except (Failed, OSError, ValueError, KeyError) as error:
            notes.append(f"{finder.name}: {error}")
            continue
        results.append(_result(finder.name, tool.version, scored, done))
    notes += [f"{name}: not installed" for name in missing if _wanted(name, options.only)]
    return results, notes


def _wanted(name: str, only: Sequence[str]) -> bool:
    return not only or any(part in name for part in only)


def _result(name: str, version: str, scored: Score, *runs: Run) -> Result:
    return Result(
        name,
        version,
        scored,
        sum(each.cpu for each in runs),
        sum(each.wall for each in runs),
        max(each.together for each in runs),
    )


def of_dedupe(
    photos: Path, items: Sequence[Item], options: argparse.Namespace, places: Places
) -> Result:
    """Scan the photos into an index of their own, and compare."""
    version = _version(OURS / "python", "dedupe-photos")  # before what takes ten minutes
    index = places.new("quality.db")
    scanned = scan(photos, index, options, places)
    found, grouped = our_groups(index, places, options.threshold, same_picture=True)
    answer = Answer([[str(path) for path in each] for each in our_sets(found)])
    name = f"dedupe {options.encoder}".strip()
    return _result(name, version, score(answer, items), scanned, grouped)


def scan(photos: Path, index: Path, options: argparse.Namespace, places: Places) -> Run:
    """Encode all photos below a folder."""
    extra = ("--encoder", options.encoder) if options.encoder else ()
    extra += ("--weights", str(options.weights.resolve())) if options.weights else ()
    command = (str(OURS / "dedupe"), "scan", "{folder}", "--index", "{index}", *extra)
    tool = Tool("dedupe scan", "", "", command)
    answer = places.new("scanned.txt")
    return run(tool, photos, index, places.scratch, places.limit, answer=answer)


def our_groups(
    index: Path, places: Places, threshold: float, *, same_picture: bool
) -> tuple[list[dict[str, Any]], Run]:
    """The sets of `dedupe group` as its JSON has them.

    Args:
        index: of the photos.
        places: where to write.
        threshold: where there are no relations yet.
        same_picture: only what is verified as the same picture, where dedupe can say so.
    """
    command = [str(OURS / "dedupe"), "group", "--index", "{index}", "--format", "json"]
    if same_picture and has_relations():
        command += ["--relation", "same-picture"]
    command += ["--threshold", f"{threshold:g}", "--no-clusters"]
    answer = places.new("groups.json")
    tool = Tool("dedupe group", "", "", tuple(command))
    done = run(tool, places.scratch, index, places.scratch, places.limit, answer=answer)
    return json.loads(answer.read_text())["sets"], done


def our_sets(found: Sequence[dict[str, Any]]) -> list[list[Path]]:
    """The paths of each set."""
    return [[Path(photo["path"]) for photo in each["photos"]] for each in found]


@cache
def has_relations() -> bool:
    """Whether `dedupe group` can be asked for one relation."""
    done = subprocess.run(
        [OURS / "dedupe", "group", "--help"], capture_output=True, text=True, check=True
    )
    return "--relation" in done.stdout


# --- photos that belong together


def pairs_of(table: Path, options: argparse.Namespace, places: Places) -> dict[str, Any]:
    """How many pairs of one group, and of two, are in one set, by relation."""
    with table.open(newline="") as lines:
        groups = {str((table.parent / row["path"]).resolve()): row["group"]
                  for row in csv.DictReader(lines)}  # fmt: skip
    index = places.new("pairs.db")
    scan(table.parent, index, options, places)
    wanted = sum(count * (count - 1) // 2 for count in Counter(groups.values()).values())
    found: dict[str, Any] = {"table": table.parent.name, "photos": len(groups), "pairs": wanted}
    for asked in ("all", "same-picture")[: 1 + has_relations()]:
        sets, _ = our_groups(index, places, options.threshold, same_picture=asked != "all")
        right, wrong = by_relation(sets, groups)
        right[APART] = wanted - sum(right.values())
        found[asked] = {"one group": dict(right), "two groups": dict(wrong)}
    return found


def by_relation(
    sets: Sequence[dict[str, Any]], groups: dict[str, str]
) -> tuple[Counter[str], Counter[str]]:
    """Pairs that are in one set: of one group, and of two groups, by their weaker relation."""
    right: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for each in sets:
        known = [(photo["path"], photo["relation"]) for photo in each["photos"]
                 if photo["path"] in groups]  # fmt: skip
        for (a, one), (b, other) in combinations(known, 2):
            relation = max(one, other, key=_weakness)
            (right if groups[a] == groups[b] else wrong)[relation] += 1
    return right, wrong


def _weakness(relation: str) -> int:
    return RELATIONS.index(relation) if relation in RELATIONS else len(RELATIONS)


# --- what is printed


def show(items: Sequence[Item], results: Sequence[Result], notes: Sequence[str]) -> None:
    """The tables: one line a tool, then one line an edit."""
    # as wide as the tables are: they go to files more often than to terminals
    console = Console(width=max(130, 24 + 18 * len(results)))
    counts = Counter(item.edit for item in items)
    console.print(
        f"{len(items)} files: {counts['original']} originals, {counts['negative']} others, "
        f"{len(items) - counts['original'] - counts['negative']} edits"
    )
    names = "tool|edits found|precision|recall|F1|wrong: unrelated|same scene|CPU s|wall s|MB"
    table = Table(*names.split("|"))
    table.columns[0].no_wrap = True
    for each in sorted(results, key=lambda each: -each.score.edits_found):
        found = each.score
        table.add_row(
            f"{each.name} {each.version}",
            *(f"{x:.3f}" for x in (found.edits_found, found.precision, found.recall, found.f1)),
            *(f"{count:,}" for count in (found.unrelated, found.same_scene)),
            *(f"{x:.1f}" for x in (each.cpu, each.wall)),
            f"{each.memory / 1e6:,.0f}",
        )
    console.print(table)
    table = Table("edit", "files", *(each.name for each in results))
    table.columns[0].no_wrap = True
    for edit in sorted(counts.keys() - {"original", "negative"}, key=_place):
        shares = (f"{each.score.by_edit[edit]:.2f}" for each in results)
        table.add_row(edit, str(counts[edit]), *shares)
    console.print(table)
    for note in notes:
        console.print(f"- {note}", markup=False)


def _place(edit: str) -> tuple[int, str]:
    """In the order of KNOWN_EDITS; edits of other makers after them, by name."""
    known = list(KNOWN_EDITS)
    return (known.index(edit) if edit in known else len(known)), edit


def show_pairs(found: Sequence[dict[str, Any]]) -> None:
    """A line for each table and relation."""
    console = Console()
    for each in found:
        console.print(
            f"{each['table']}: {each['photos']} photos, {each['pairs']} pairs of one group"
        )
        table = Table("sets of", "relation", "pairs of one group", "of two groups")
        for asked in ("all", "same-picture"):
            counts = each.get(asked, {"one group": {}, "two groups": {}})
            one, two = counts["one group"], counts["two groups"]
            for relation in sorted(one.keys() | two.keys(), key=_weakness):
                table.add_row(asked, relation, str(one.get(relation, 0)), str(two.get(relation, 0)))
        console.print(table)


if __name__ == "__main__":
    main()
