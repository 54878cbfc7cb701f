"""Draw the curves of docs/thresholds.md: what is within a threshold, right and wrong.

python scripts/threshold_plots.py SET INDEX...

SET is a folder of edited photos with a `groups.csv` (path, group, attack), as `quality.py` in
`benchmarks/` reads them; each INDEX is one that `dedupe scan SET` wrote, with all the encoders
that were scanned with. Needs matplotlib, which nothing else does.
"""

import csv
import sys
from collections.abc import Iterator
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt

from dedupe.errors import IndexProblem
from dedupe.index.library import Library, open_library

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
ENCODERS = ("efficientnet_lite0", "mobilenet_v2")
THRESHOLDS = np.arange(0, 32.1, 0.25)
FAMILIES = {
    "saved again": "jpeg90 jpeg70 jpeg40 jpeg15 png webp heic",
    "made smaller": "resize75 resize50 resize25",
    "other colours": "brighter darker contrast gamma saturation white_balance gray sepia filter",
    "blurred, noisy, sharpened": "blur noise sharpen",
    "cropped by 5 and 10 %": "crop05 crop10",
    "cropped by 20 and 40 %": "crop20 crop40",
    "turned, tilted, mirrored": "rot90 rot180 rot270 tilt3 tilt10 mirror",
    "framed, written on": "border watermark sticker meme",
    "screenshots, prints": "screenshot print_scan",
}
STYLES = ("-", "--", "-.", ":")


def main() -> None:
    """Draw both plots, and print their numbers."""
    folder, *indexes = map(Path, sys.argv[1:])
    with (folder / "groups.csv").open(newline="") as lines:
        known = {Path(row["path"]).name: row for row in csv.DictReader(lines)}
    libraries = list(found(indexes))
    plt.rcParams.update({"font.size": 9, "svg.hashsalt": "dedupe", "svg.fonttype": "path"})
    figure, panels = plt.subplots(
        1, len(libraries), figsize=(5 * len(libraries), 3.8), sharey=True, squeeze=False
    )
    for panel, library in zip(panels[0], libraries, strict=True):
        away = to_originals(library, known)
        for number, (family, names) in enumerate(FAMILIES.items()):
            distances = np.array([each for name in names.split() for each in away.get(name, [])])
            shares = [(distances <= threshold).mean() for threshold in THRESHOLDS]
            panel.plot(THRESHOLDS, shares, STYLES[number // 5], label=family, linewidth=1.4)
            print(library.encoder.name, family, len(distances), *(
                f"{threshold}: {(distances <= threshold).mean():.3f}" for threshold in (10, 16, 20)
            ))  # fmt: skip
        dress(panel, f"{library.encoder.name}: edits within the threshold")
    panels[0][0].set_ylabel("share of the edits")
    panels[0][-1].legend(fontsize=7, loc="lower right")
    save(figure, "thresholds-found.svg")
    figure, panel = plt.subplots(figsize=(6, 3.4))
    for library, style in zip(libraries, STYLES, strict=False):
        distances = between_originals(library, known)
        shares = np.array([(distances <= threshold).mean() for threshold in THRESHOLDS])
        seen = shares > 0
        panel.semilogy(THRESHOLDS[seen], shares[seen], style, label=library.encoder.name)
        print(library.encoder.name, "unrelated", len(distances), *(
            f"{threshold}: {(distances <= threshold).mean():.6f}" for threshold in (12, 16, 20, 24)
        ))  # fmt: skip
    dress(panel, "pairs of unrelated photos within the threshold")
    panel.set_ylabel("share of all pairs")
    panel.legend(fontsize=8)
    save(figure, "thresholds-wrong.svg")


def found(indexes: list[Path]) -> Iterator[Library]:
    """The library of each encoder, from the first index that has it."""
    for name in ENCODERS:
        for index in indexes:
            try:
                yield open_library(index=index, encoder=name)
            except IndexProblem:
                continue
            break


def to_originals(library: Library, known: dict[str, dict[str, str]]) -> dict[str, list[float]]:
    """By attack, the distance of each edit to its photo."""
    rows = [known.get(photo.path.name) for photo in library.photos]
    original = {
        row["group"]: number
        for number, row in enumerate(rows)
        if row and row["attack"] == "original"
    }
    away: dict[str, list[float]] = {}
    for number, row in enumerate(rows):
        if row and row["attack"] != "original" and row["group"] in original:
            pair = library.vectors[[number, original[row["group"]]]].astype(np.float64)
            distance = float(np.linalg.norm(pair[0] - pair[1]))
            away.setdefault(row["attack"], []).append(distance)
    return away


def between_originals(
    library: Library, known: dict[str, dict[str, str]]
) -> npt.NDArray[np.float64]:
    """Of every two of the photos that edits were made of."""
    rows = [
        number
        for number, photo in enumerate(library.photos)
        if known.get(photo.path.name, {}).get("attack") == "original"
    ]
    vectors = library.vectors[rows].astype(np.float64)
    squares = np.einsum("ij,ij->i", vectors, vectors)
    away = squares[:, None] + squares - 2 * vectors @ vectors.T
    distances: npt.NDArray[np.float64] = np.sqrt(
        np.maximum(away[np.triu_indices(len(vectors), 1)], 0)
    )
    return distances


def dress(panel: "plt.Axes", title: str) -> None:
    """What all panels have."""
    panel.set_title(title, fontsize=10)
    panel.set_xlabel("threshold, in seed units")
    panel.axvline(16, color="0.6", linewidth=0.8)
    panel.set_xlim(0, 32)
    panel.grid(alpha=0.25)


def save(figure: "plt.Figure", name: str) -> None:
    """The same bytes for the same numbers."""
    figure.tight_layout()
    figure.savefig(IMAGES / name, metadata={"Date": None})


if __name__ == "__main__":
    main()
