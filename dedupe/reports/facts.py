"""What is said of a photo in every report, and the views that reports are given."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dedupe.names import path_facts, safe
from dedupe.organize.keep.ranking import DEFAULT_KEEP, ranked, seen_in, why
from dedupe.organize.protected import NOTHING, Protected
from dedupe.photos.photo import Photo, Skip
from dedupe.reports.words import counted

if TYPE_CHECKING:  # they load numpy, which a list of skipped files does not need
    from dedupe.matching.explain import Explanation
    from dedupe.matching.folders.containment import Containment
    from dedupe.matching.search import Hit
    from dedupe.matching.sets.clusters import Cluster
    from dedupe.matching.sets.groups import Group
    from dedupe.photos.companions import Companion, Companions


@dataclass(frozen=True, slots=True)
class Row:
    """One photo of a set.

    Attributes:
        photo: the photo.
        distance: L2 to the photo to keep, in seed units; 0 for that photo itself.
        relation: to the photo to keep: "keep", "same file", "same pixels", "same picture",
            "same moment", "same scene" or "look-alike".
        reason: why the photo to keep is better; for that photo itself, why it is best.
        edit: what was done to it, where it is the same picture: "cropped to 62 %".
        companions: what belongs to it: its RAW or JPEG, its edit, sidecars, a Live Photo's video.
        motion: whether a short video is in its own file.
    """

    photo: Photo
    distance: float
    relation: str
    reason: str
    edit: str = ""
    companions: "tuple[Companion, ...]" = ()
    motion: bool = False

    @property
    def more(self) -> str:
        """What it is with, in a few words: "+ CR2 + XMP"; "" where it is alone."""
        words = [each.word for each in self.companions] + (["motion"] if self.motion else [])
        return " ".join(f"+ {word}" for word in words)


@dataclass(frozen=True, slots=True)
class LookAlikes:
    """One set of look-alikes, the photo to keep first.

    Attributes:
        rows: two or more.
        spread: the largest distance between any two, in seed units.
        relation: the weakest of a photo to the one to keep.
    """

    rows: tuple[Row, ...]
    spread: float
    relation: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What `--against` leaves out: sets and clusters whose photos are all on one side.

    Attributes:
        folders: that one side is below; empty where nothing was asked for.
        sets: how many of them are left out.
        clusters: likewise.
        photos: how many photos these have together.
    """

    folders: tuple[Path, ...] = ()
    sets: int = 0
    clusters: int = 0
    photos: int = 0

    @property
    def words(self) -> str:
        """It in a sentence; "" where nothing was asked for."""
        if not self.folders:
            return ""
        counts = ((self.sets, "set"), (self.clusters, "cluster"))
        what = " and ".join(counted(count, name) for count, name in counts if count)
        if not what:
            return "No set is left out."
        where = safe(self.folders[0]) if len(self.folders) == 1 else "the folders of --against"
        verb, whose = ("is", "its") if self.sets + self.clusters == 1 else ("are", "their")
        return f"{what} {verb} left out: all of {whose} photos lie below {where}, or none."


@dataclass(frozen=True, slots=True)
class Hidden:
    """What `dedupe ignore` hides.

    Attributes:
        sets: how many are not shown.
        photos: how many photos these have together.
        pairs: how many pairs of photos no set may hold.
    """

    sets: int = 0
    photos: int = 0
    pairs: int = 0

    @property
    def words(self) -> str:
        """It in a sentence; "" where nothing is hidden."""
        told = [f"{counted(self.sets, 'set')} hidden"] if self.sets else []
        told += [f"{counted(self.pairs, 'pair')} of photos kept apart"] if self.pairs else []
        if not told:
            return ""
        return f"By `dedupe ignore`: {', '.join(told)} (--ignored shows all)."


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """All that `dedupe group` has to say.

    Attributes:
        sets: of look-alikes, the tightest first.
        clusters: of the photos in no set, the largest first.
        photos: how many there are in all.
        threshold: of look-alikes, in seed units.
        relation: the weakest that made a set.
        encoder: who measured.
        left_out: what was found and is not among `sets` and `clusters`.
        hidden: likewise, as somebody said so.
    """

    sets: tuple[LookAlikes, ...]
    clusters: "tuple[Cluster, ...]"
    photos: int
    threshold: float
    relation: str
    encoder: str
    left_out: LeftOut = LeftOut()
    hidden: Hidden = Hidden()


@dataclass(frozen=True, slots=True)
class Ranking:
    """All that `dedupe search` has to say.

    Attributes:
        examples: the photos that were asked for, in the order given.
        hits: nearest first.
        not_like: the photos that hits must not be like.
    """

    examples: tuple[Path, ...]
    hits: "tuple[Hit, ...]"
    not_like: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Problems:
    """All that `dedupe problems` has to say.

    Attributes:
        skips: what is listed, sorted by path.
        others: how many more were passed over for a good reason, and are not listed.
    """

    skips: tuple[Skip, ...]
    others: int = 0


@dataclass(frozen=True, slots=True)
class Folders:
    """All that `dedupe folders` has to say.

    Attributes:
        found: the most contained first.
        least: percent of a folder from which on it is told.
    """

    found: "tuple[Containment, ...]"
    least: int


def look_alikes(
    group: "Group",
    keep: Sequence[str] = DEFAULT_KEEP,
    *,
    protected: Protected = NOTHING,
    companions: "Companions | None" = None,
    facts: bool = True,
) -> LookAlikes:
    """A group as reports show it: ranked by the keep rules, each photo compared to the best.

    With `companions`, what belongs to each photo is found beside it. Without `facts` there is
    neither a distance nor a reason: for reports that say the paths alone.
    """
    seen = seen_in(group, keep)
    best, *others = ranked(group, keep, protected=protected, seen=seen)
    away = group.distances_to(best) if facts else {}
    found = dict(zip(group.photos, group.members, strict=True))

    def row(photo: Photo, beside: Photo, relation: str, edit: str = "") -> Row:
        return Row(
            photo,
            away.get(photo, 0.0),
            relation,
            why(best, beside, keep, seen, protected=protected) if facts else "",
            edit,
            companions.together(photo) if companions is not None else (),
            companions is not None and companions.has_motion(photo),
        )

    # against a copy of the same bytes nothing can be said but where it lies
    next_best = next((photo for photo in others if photo.content != best.content), others[0])
    rows = [row(best, next_best, "keep")]
    for photo in others:
        member = found[photo]
        # of look-alikes the rules may put another one first than was kept when they were found
        relation = max(member.relation, found[best].relation).words
        if photo.content == best.content:
            relation = "same file"
        rows.append(row(photo, photo, relation, member.edit))
    return LookAlikes(tuple(rows), group.spread, group.relation.words)


def explanation_facts(explanation: "Explanation") -> dict[str, Any]:
    """What JSON and CSV say of a pair, beside its photos; None where it is not known."""
    evidence = explanation.evidence
    agreed = evidence.agreement if evidence else None
    return {
        "relation": explanation.relation.words if explanation.relation is not None else None,
        "ignored": explanation.ignored,
        "edit": explanation.edit or None,
        "distance": round(explanation.distance, 4),
        "threshold": explanation.threshold,
        "hash_bits": explanation.bits if explanation.bits < 256 else None,
        "inliers": evidence.inliers if evidence else 0,
        "form": evidence.form if evidence else None,
        "mirrored": evidence.mirrored if evidence else None,
        "negative": evidence.negative if evidence else None,
        "field_of": _holder(explanation),
        "agreement": round(agreed.share, 4) if agreed else None,
        "beneath": round(agreed.beneath, 4) if agreed else None,
        "colour": round(agreed.colour, 4) if agreed else None,
        "motion": round(evidence.motion, 4) if evidence else None,
    }


def _holder(explanation: "Explanation") -> str | None:
    """Which of two photos has the other one in a field."""
    if explanation.evidence is None or not explanation.evidence.field_in:
        return None
    names = {explanation.first.content: "first", explanation.second.content: "second"}
    return names[sorted(names)[explanation.evidence.field_in - 1]]


def photo_facts(photo: Photo) -> dict[str, Any]:
    """What JSON says of a photo; None where it is not known."""
    facts: dict[str, Any] = path_facts(photo.path)
    facts |= {
        "width": photo.width,
        "height": photo.height,
        "bytes": photo.file.size,
        "format": photo.format,
        "taken": photo.taken.isoformat() if photo.taken else None,
        "taken_from": photo.taken_from or None,
        "camera": photo.camera or None,
        "software": photo.software or None,
        "gps": photo.gps,
        "latitude": photo.latitude,
        "longitude": photo.longitude,
        "orientation": photo.orientation,
        "frames": photo.frames,
        "jpeg_quality": photo.jpeg_quality,
        "modified_ns": photo.file.mtime_ns,
        "content": photo.content.hex(),
        "pixel_hash": photo.pixel_hash.hex() or None,
        "reduced": photo.reduced,
        "dct_hash": photo.dct_hash.hex() or None,
    }
    if photo.hard_links:
        facts["hard_links"] = [path_facts(path) for path in photo.hard_links]
    return facts


def skip_facts(skip: Skip) -> dict[str, Any]:
    """What JSON says of a file or folder that was passed over."""
    return {
        **path_facts(skip.path),
        **path_facts(skip.path.parent, "folder"),
        "reason": skip.reason,
        "problem": skip.problem,
        "passing": skip.passing,
    }


def by_reason(skips: Iterable[Skip]) -> list[tuple[str, list[Skip]]]:
    """Each reason with what was passed over for it, the most frequent first."""
    found: dict[str, list[Skip]] = {}
    for skip in skips:
        found.setdefault(skip.reason, []).append(skip)
    return sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))


def shown_date(photo: Photo) -> str:
    """Capture time, or in brackets the day the file was last changed."""
    if photo.taken is not None:
        return f"{photo.taken:%Y-%m-%d %H:%M}"
    try:
        return f"({datetime.fromtimestamp(photo.file.mtime_ns // 10**9):%Y-%m-%d})"
    except (ValueError, OverflowError, OSError):  # clocks of the year 1901 or 292277026596
        return "–"


def total_bytes(photos: Iterable[Photo]) -> int:
    """The bytes of several photos together."""
    return sum(photo.file.size for photo in photos)
