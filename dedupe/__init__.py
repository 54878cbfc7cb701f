"""Find look-alike photos, and sort them out without ever losing one.

    library = dedupe.scan("~/Photos")
    groups = dedupe.find_groups(library, threshold=16.0)
    plan = dedupe.make_plan(groups, action="symlink", into="~/Look-alikes")
    print(plan)                           # nothing on disk has changed yet
    dedupe.undo(dedupe.apply(plan))       # every change is journalled, and can be taken back

The library never prints. Distances are L2 in seed units (docs/thresholds.md).
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # `as` tells type checkers that the name is public
    from dedupe.encoders.encoder import Encoder as Encoder
    from dedupe.encoders.registry import DEFAULT_ENCODER as DEFAULT_ENCODER
    from dedupe.encoders.registry import ENCODERS as ENCODERS
    from dedupe.encoders.stage import Encoded as Encoded
    from dedupe.encoders.stage import encode_photos as encode_photos
    from dedupe.errors import DedupeError as DedupeError
    from dedupe.index.forget import forget as forget
    from dedupe.index.ignored import Ignored as Ignored
    from dedupe.index.library import Library as Library
    from dedupe.index.library import find_problems as find_problems
    from dedupe.index.library import open_library as open_library
    from dedupe.index.scan import ScanReport as ScanReport
    from dedupe.index.scan import scan as scan
    from dedupe.index.scan import update_index as update_index
    from dedupe.matching.calibration.calibrate import Calibration as Calibration
    from dedupe.matching.calibration.calibrate import EditDistances as EditDistances
    from dedupe.matching.calibration.calibrate import Found as Found
    from dedupe.matching.calibration.calibrate import calibrate as calibrate
    from dedupe.matching.calibration.known_edits import KNOWN_EDITS as KNOWN_EDITS
    from dedupe.matching.calibration.known_edits import KnownEdit as KnownEdit
    from dedupe.matching.calibration.unrelated import Apart as Apart
    from dedupe.matching.explain import Explanation as Explanation
    from dedupe.matching.explain import explain as explain
    from dedupe.matching.folders.containment import Containment as Containment
    from dedupe.matching.folders.containment import find_containments as find_containments
    from dedupe.matching.folders.cover import Cover as Cover
    from dedupe.matching.folders.cover import Coverage as Coverage
    from dedupe.matching.folders.cover import covered as covered
    from dedupe.matching.hits import verify_hits as verify_hits
    from dedupe.matching.near.distances import Pairs as Pairs
    from dedupe.matching.near.distances import pairs_within as pairs_within
    from dedupe.matching.pairs.evidence import Evidence as Evidence
    from dedupe.matching.pairs.related import Verdict as Verdict
    from dedupe.matching.pairs.relations import Relation as Relation
    from dedupe.matching.search import Hit as Hit
    from dedupe.matching.search import search as search
    from dedupe.matching.sets.clusters import Cluster as Cluster
    from dedupe.matching.sets.clusters import find_clusters as find_clusters
    from dedupe.matching.sets.groups import Group as Group
    from dedupe.matching.sets.groups import find_groups as find_groups
    from dedupe.matching.sets.ignore import Decision as Decision
    from dedupe.matching.sets.ignore import decisions as decisions
    from dedupe.matching.sets.ignore import hide as hide
    from dedupe.matching.sets.ignore import ignore as ignore
    from dedupe.matching.sets.ignore import unignore as unignore
    from dedupe.matching.sets.made import Member as Member
    from dedupe.matching.sets.verdicts import Verdicts as Verdicts
    from dedupe.matching.sets.verified import verify as verify
    from dedupe.organize.act import apply as apply
    from dedupe.organize.act import history as history
    from dedupe.organize.act import load_plan as load_plan
    from dedupe.organize.act import make_plan as make_plan
    from dedupe.organize.act import plan_to_free as plan_to_free
    from dedupe.organize.act import recover as recover
    from dedupe.organize.act import undo as undo
    from dedupe.organize.journal.records import Record as Record
    from dedupe.organize.keep.rules import KEEP_RULES as KEEP_RULES
    from dedupe.organize.plans.plan import Plan as Plan
    from dedupe.organize.saved.plan_file import save_plan as save_plan
    from dedupe.organize.steps import Receipt as Receipt
    from dedupe.organize.steps import Refusal as Refusal
    from dedupe.organize.steps import Step as Step
    from dedupe.photos.photo import Photo as Photo
    from dedupe.photos.photo import PhotoFile as PhotoFile
    from dedupe.photos.photo import Skip as Skip

# where each public name lives; imported when it is first used, because torch is slow
_HOME = {
    "DEFAULT_ENCODER": "dedupe.encoders.registry",
    "ENCODERS": "dedupe.encoders.registry",
    "KEEP_RULES": "dedupe.organize.keep.rules",
    "KNOWN_EDITS": "dedupe.matching.calibration.known_edits",
    "Apart": "dedupe.matching.calibration.unrelated",
    "Calibration": "dedupe.matching.calibration.calibrate",
    "Cluster": "dedupe.matching.sets.clusters",
    "Containment": "dedupe.matching.folders.containment",
    "Cover": "dedupe.matching.folders.cover",
    "Coverage": "dedupe.matching.folders.cover",
    "Decision": "dedupe.matching.sets.ignore",
    "DedupeError": "dedupe.errors",
    "EditDistances": "dedupe.matching.calibration.calibrate",
    "Encoded": "dedupe.encoders.stage",
    "Encoder": "dedupe.encoders.encoder",
    "Evidence": "dedupe.matching.pairs.evidence",
    "Explanation": "dedupe.matching.explain",
    "Found": "dedupe.matching.calibration.calibrate",
    "Group": "dedupe.matching.sets.groups",
    "Hit": "dedupe.matching.search",
    "Ignored": "dedupe.index.ignored",
    "KnownEdit": "dedupe.matching.calibration.known_edits",
    "Library": "dedupe.index.library",
    "Member": "dedupe.matching.sets.made",
    "Pairs": "dedupe.matching.near.distances",
    "Photo": "dedupe.photos.photo",
    "PhotoFile": "dedupe.photos.photo",
    "Plan": "dedupe.organize.plans.plan",
    "Receipt": "dedupe.organize.steps",
    "Refusal": "dedupe.organize.steps",
    "Record": "dedupe.organize.journal.records",
    "Relation": "dedupe.matching.pairs.relations",
    "ScanReport": "dedupe.index.scan",
    "Skip": "dedupe.photos.photo",
    "Step": "dedupe.organize.steps",
    "Verdict": "dedupe.matching.pairs.related",
    "Verdicts": "dedupe.matching.sets.verdicts",
    "apply": "dedupe.organize.act",
    "calibrate": "dedupe.matching.calibration.calibrate",
    "covered": "dedupe.matching.folders.cover",
    "decisions": "dedupe.matching.sets.ignore",
    "encode_photos": "dedupe.encoders.stage",
    "explain": "dedupe.matching.explain",
    "find_clusters": "dedupe.matching.sets.clusters",
    "find_containments": "dedupe.matching.folders.containment",
    "find_groups": "dedupe.matching.sets.groups",
    "find_problems": "dedupe.index.library",
    "forget": "dedupe.index.forget",
    "history": "dedupe.organize.act",
    "load_plan": "dedupe.organize.act",
    "hide": "dedupe.matching.sets.ignore",
    "ignore": "dedupe.matching.sets.ignore",
    "make_plan": "dedupe.organize.act",
    "open_library": "dedupe.index.library",
    "pairs_within": "dedupe.matching.near.distances",
    "plan_to_free": "dedupe.organize.act",
    "recover": "dedupe.organize.act",
    "save_plan": "dedupe.organize.saved.plan_file",
    "scan": "dedupe.index.scan",
    "search": "dedupe.matching.search",
    "undo": "dedupe.organize.act",
    "unignore": "dedupe.matching.sets.ignore",
    "update_index": "dedupe.index.scan",
    "verify": "dedupe.matching.sets.verified",
    "verify_hits": "dedupe.matching.hits",
}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'dedupe' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(_HOME)
