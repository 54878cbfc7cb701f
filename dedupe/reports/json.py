"""For programs: one JSON document. docs/scripting.md describes it."""

import json
from typing import TYPE_CHECKING, Any, TextIO

from dedupe.reports.facts import (
    LookAlikes,
    Overview,
    Problems,
    Ranking,
    path_facts,
    photo_facts,
    skip_facts,
)

if TYPE_CHECKING:
    from dedupe.matching.clusters import Cluster


def write_overview(overview: Overview, out: TextIO) -> None:
    """All sets and clusters, with every fact."""
    _dump(
        {
            "threshold": overview.threshold,
            "encoder": overview.encoder,
            "photos": overview.photos,
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


def _cluster(cluster: "Cluster") -> dict[str, Any]:
    return {"name": cluster.name, "photos": [path_facts(photo.path) for photo in cluster.photos]}


def _dump(document: dict[str, Any], out: TextIO) -> None:
    # ASCII: no name can reach a terminal as anything but letters and escapes
    json.dump(document, out, indent=2, ensure_ascii=True)
    out.write("\n")
