"""How good an answer is: which edits lie in the set of their original, and what else does."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from quality_set import Item


@dataclass(frozen=True, slots=True)
class Answer:
    """What a tool found: sets of files, or pairs where it names no sets.

    Attributes:
        sets: of file names or paths.
        pairs: as `sets`, two and two; the sets are then what hangs together.
    """

    sets: Sequence[Sequence[str]] = ()
    pairs: Sequence[Sequence[str]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How good an answer is. Pairs are of files of the set, each counted once.

    Attributes:
        precision: the share of reported pairs that are of one group; 1 without any.
        recall: the share of the pairs of all groups that were reported.
        f1: their harmonic mean.
        edits_found: the share of edited files that lie in one set with their original.
        by_edit: the same for each edit.
        true_pairs: reported pairs of one group.
        unrelated: reported pairs of two groups that do not show the same scene.
        same_scene: reported pairs of two groups that do.
        sets: how many sets there are.
        mixed: how many of them hold photos of two groups or more.
    """

    precision: float
    recall: float
    f1: float
    edits_found: float
    by_edit: dict[str, float]
    true_pairs: int
    unrelated: int
    same_scene: int
    sets: int
    mixed: int


def score(answer: Answer, items: Sequence[Item]) -> Score:
    """Compare an answer to the truth; files that are not of the set count for nothing."""
    known = {Path(item.path).name: item for item in items}
    pairs, sets = _read(answer, known)
    if pairs is None:
        said = sum(_pairs_of(len(each)) for each in sets)
        true = sum(_pairs_within(each, known, "group") for each in sets)
        scenes = sum(_pairs_within(each, known, "scene") for each in sets)
    else:
        said = len(pairs)
        true = sum(known[a].group == known[b].group for a, b in pairs)
        scenes = sum(known[a].scene == known[b].scene != "" for a, b in pairs
                     if known[a].group != known[b].group)  # fmt: skip
    wanted = sum(map(_pairs_of, Counter(item.group for item in items).values()))
    precision = true / said if said else 1.0
    recall = true / wanted if wanted else 1.0
    found, tried = _by_edit(sets, known)
    return Score(
        precision=precision,
        recall=recall,
        f1=2 * precision * recall / (precision + recall) if precision + recall else 0.0,
        edits_found=sum(found.values()) / max(1, sum(tried.values())),
        by_edit={name: found[name] / tried[name] for name in tried},
        true_pairs=true,
        unrelated=said - true - scenes,
        same_scene=scenes,
        sets=len(sets),
        mixed=sum(len({known[name].group for name in each}) > 1 for each in sets),
    )


def _read(
    answer: Answer, known: dict[str, Item]
) -> tuple[set[tuple[str, str]] | None, list[list[str]]]:
    """The pairs that were reported, None where sets that do not overlap say them; and the sets."""
    if answer.pairs is None:
        sets = [sorted({Path(path).name for path in each} & set(known)) for each in answer.sets]
        sets = [each for each in sets if len(each) > 1]
        if sum(map(len, sets)) == len({name for each in sets for name in each}):
            return None, sets
        reported: Iterable[Sequence[str]] = (p for each in sets for p in combinations(each, 2))
    else:
        reported = answer.pairs
    named = ((Path(a).name, Path(b).name) for a, b in reported)
    pairs = {(min(p), max(p)) for p in named if p[0] in known and p[1] in known and p[0] != p[1]}
    return pairs, joined(pairs)


def joined(pairs: Iterable[Sequence[str]]) -> list[list[str]]:
    """The sets of what hangs together by pairs."""
    home: dict[str, list[str]] = {}
    for a, b in pairs:
        one, other = home.setdefault(a, [a]), home.setdefault(b, [b])
        if one is not other:
            if len(one) < len(other):
                one, other = other, one
            one += other
            for name in other:
                home[name] = one
    return [sorted(each) for each in {id(each): each for each in home.values()}.values()]


def _by_edit(
    sets: Sequence[Sequence[str]], known: dict[str, Item]
) -> tuple[Counter[str], Counter[str]]:
    """How often each edit was found, and how often it was there to be found."""
    place = {name: number for number, each in enumerate(sets) for name in each}
    originals = {item.group: name for name, item in known.items() if item.edit == "original"}
    found: Counter[str] = Counter()
    tried: Counter[str] = Counter()
    for name, item in known.items():
        if item.edit not in ("original", "negative"):
            tried[item.edit] += 1
            found[item.edit] += name in place and place.get(originals[item.group]) == place[name]
    return found, tried


def _pairs_within(names: Sequence[str], known: dict[str, Item], fact: str) -> int:
    """How many pairs of a set share a group, or a scene that has a name."""
    counts: dict[str, int] = defaultdict(int)
    for name in names:
        counts[getattr(known[name], fact)] += 1
    return sum(_pairs_of(count) for value, count in counts.items() if value)


def _pairs_of(count: int) -> int:
    return count * (count - 1) // 2
