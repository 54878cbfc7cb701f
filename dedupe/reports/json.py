"""For programs: one JSON document. docs/scripting.md describes it."""

import json
from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, TextIO

from dedupe.names import path_facts
from dedupe.reports.facts import (
    Folders,
    LookAlikes,
    Overview,
    Problems,
    Ranking,
    explanation_facts,
    photo_facts,
    skip_facts,
)

if TYPE_CHECKING:
    from dedupe.matching.calibration.calibrate import Calibration
    from dedupe.matching.explain import Explanation
    from dedupe.matching.folders.cover import Coverage
    from dedupe.matching.sets.clusters import Cluster
    from dedupe.matching.sets.ignore import Decision

# Pieces of a document that are written at once: a comma, a name, a value.
_AT_ONCE = 4096

# shares of unrelated pairs whose distance is told, where there are enough pairs
QUANTILES = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 0.5)


def write_overview(overview: Overview, out: TextIO) -> None:
    """All sets and clusters, with every fact."""
    _dump(
        {
            "threshold": overview.threshold,
            "relation": overview.relation,
            "encoder": overview.encoder,
            "photos": overview.photos,
            "against": [path_facts(path) for path in overview.left_out.folders],
            "left_out": {
                "sets": overview.left_out.sets,
                "clusters": overview.left_out.clusters,
                "photos": overview.left_out.photos,
            },
            "hidden": {
                "sets": overview.hidden.sets,
                "photos": overview.hidden.photos,
                "pairs": overview.hidden.pairs,
            },
            "sets": [_set(each) for each in overview.sets],
            "clusters": [_cluster(each) for each in overview.clusters],
        },
        out,
    )


def write_ranking(ranking: Ranking, out: TextIO) -> None:
    """The examples and the hits, nearest first."""
    hits = [
        {
            "distance": round(hit.distance, 4),
            "nearest": path_facts(hit.nearest),
            "relation": None if hit.relation is None else hit.relation.words,
            "edit": hit.edit or None,
            "verified": hit.verified,
            **photo_facts(hit.photo),
        }
        for hit in ranking.hits
    ]
    examples = [path_facts(path) for path in ranking.examples]
    not_like = [path_facts(path) for path in ranking.not_like]
    _dump({"examples": examples, "not_like": not_like, "hits": hits}, out)


def write_problems(problems: Problems, out: TextIO) -> None:
    """What could not be read, and what else was passed over if that was asked for."""
    skips = [skip_facts(skip) for skip in problems.skips]
    _dump({"skips": skips, "others": problems.others}, out)


def write_calibration(calibration: "Calibration", out: TextIO) -> None:
    """Every count, by threshold and by edit."""
    apart = calibration.apart
    _dump(
        {
            "encoder": calibration.encoder,
            "photos": calibration.photos,
            "sampled": len(calibration.sample),
            "recommended": calibration.recommended,
            "reason": calibration.reason,
            "thresholds": [_threshold(calibration, each) for each in calibration.thresholds],
            "edits": [
                {
                    "edit": each.name,
                    "kind": each.kind,
                    "tries": len(each.distances),
                    "found": [each.within(at).found for at in calibration.thresholds],
                }
                for each in calibration.edits
            ],
            "unrelated": {
                "pairs": apart.pairs,
                "photos": apart.photos,
                "apart_by": apart.by,
                "left_out": apart.same,
                "quantiles": [
                    {"share": share, "distance": apart.quantile(share)} for share in QUANTILES
                ],
            },
            "skips": [skip_facts(skip) for skip in calibration.skips],
        },
        out,
    )


def _threshold(calibration: "Calibration", threshold: float) -> dict[str, Any]:
    found, wrong = calibration.found(threshold), calibration.wrong(threshold)
    here, most = calibration.wrong_here(threshold)
    low, high = found.interval
    return {
        "threshold": threshold,
        "found": found.found,
        "tries": found.of,
        "low": round(low, 4),
        "high": round(high, 4),
        "wrong": wrong.found,
        "pairs": wrong.of,
        "wrong_here": round(here, 2),
        "wrong_here_most": round(most, 2),
    }


def write_explanation(explanation: "Explanation", out: TextIO) -> None:
    """Both photos, what was found, and why."""
    _dump(
        {
            **explanation_facts(explanation),
            "why": list(explanation.why),
            "first": photo_facts(explanation.first),
            "second": photo_facts(explanation.second),
        },
        out,
    )


def write_coverage(coverage: "Coverage", out: TextIO) -> None:
    """Every photo with what covers it, or why nothing does."""
    photos = [
        {
            "covered": answer.covered,
            "reason": answer.reason or None,
            "relation": None if answer.relation is None else answer.relation.words,
            "nearest": path_facts(answer.by.path) if answer.by else None,
            **(photo_facts(answer.photo) if answer.photo else path_facts(answer.path)),
        }
        for answer in coverage.answers
    ]
    _dump(
        {
            "old": path_facts(coverage.old),
            "by": [path_facts(path) for path in coverage.by],
            "covered": len(coverage.answers) - len(coverage.missing),
            "missing": len(coverage.missing),
            "others": coverage.others,
            "photos": photos,
        },
        out,
    )


def write_decisions(decisions: "Sequence[Decision]", out: TextIO) -> None:
    """Every decision with its photos: content, and where it lies."""
    said = [
        {
            "different": decision.different,
            "photos": [
                {"content": content.hex(), "paths": [path_facts(path) for path in paths]}
                for content, paths in decision.photos
            ],
        }
        for decision in decisions
    ]
    _dump({"decisions": said}, out)


def write_folders(folders: Folders, out: TextIO) -> None:
    """Every folder that is told, with all counts."""
    found = [
        {
            **path_facts(each.folder, "folder"),
            "within": None if each.within is None else path_facts(each.within),
            "photos": each.photos,
            "alike": each.alike,
            "exact": each.exact,
            "only_here": each.only_here,
            "others": each.others,
            "back": each.back,
        }
        for each in folders.found
    ]
    _dump({"least": folders.least, "folders": found}, out)


def _set(look_alikes: LookAlikes) -> dict[str, Any]:
    photos = [
        {
            "keep": row.relation == "keep",
            "relation": row.relation,
            "distance": round(row.distance, 4),
            "reason": row.reason,
            "edit": row.edit or None,
            "companions": [
                {**path_facts(each.path), "kind": each.kind, "evidence": each.evidence}
                for each in row.companions
            ],
            "motion": row.motion,
            **photo_facts(row.photo),
        }
        for row in look_alikes.rows
    ]
    return {
        "relation": look_alikes.relation,
        "spread": round(look_alikes.spread, 4),
        "photos": photos,
    }


def _cluster(cluster: "Cluster") -> dict[str, Any]:
    return {"name": cluster.name, "photos": [path_facts(photo.path) for photo in cluster.photos]}


def _dump(document: dict[str, Any], out: TextIO) -> None:
    # ASCII: no name can reach a terminal as anything but letters and escapes
    pieces = json.JSONEncoder(indent=2, ensure_ascii=True).iterencode(document)
    # json.dump writes each by itself
    while some := "".join(islice(pieces, _AT_ONCE)):
        out.write(some)
    out.write("\n")
