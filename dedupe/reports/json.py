"""For programs: one JSON document. docs/scripting.md describes it."""

import json
from typing import Any, TextIO

from dedupe.reports.facts import (
    LookAlikes,
    Overview,
    Problems,
    Ranking,
    path_facts,
    photo_facts,
    skip_facts,
)


def write_overview(overview: Overview, out: TextIO) -> None:
    """All sets and clusters, with every fact."""
    _dump(
        {
            "threshold": overview.threshold,
            "encoder": overview.encoder,
            "photos": overview.photos,
            "sets": [_set(each) for each in overview.sets],
            "clusters": [[path_facts(p.path) for p in each.photos] for each in overview.clusters],
        },
        out,
    )


def write_ranking(ranking: Ranking, out: TextIO) -> None:
    """The example and its hits, nearest first."""
    hits = [{"distance": round(hit.distance, 4), **photo_facts(hit.photo)} for hit in ranking.hits]
    _dump({"example": path_facts(ranking.example), "hits": hits}, out)


def write_problems(problems: Problems, out: TextIO) -> None:
    """What could not be read, and what else was passed over if that was asked for."""
    skips = [skip_facts(skip) for skip in problems.skips]
    _dump({"skips": skips, "others": problems.others}, out)


def _set(look_alikes: LookAlikes) -> dict[str, Any]:
    photos = [
        {
            "keep": row.relation == "keep",
            "relation": row.relation,
            "distance": round(row.distance, 4),
            "reason": row.reason,
            **photo_facts(row.photo),
        }
        for row in look_alikes.rows
    ]
    return {"spread": round(look_alikes.spread, 4), "photos": photos}


def _dump(document: dict[str, Any], out: TextIO) -> None:
    # ASCII: no name can reach a terminal as anything but letters and escapes
    json.dump(document, out, indent=2, ensure_ascii=True)
    out.write("\n")
