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
    from dedupe.matching.calibrate import Calibration as Calibration
    from dedupe.matching.calibrate import EditDistances as EditDistances
    from dedupe.matching.calibrate import Found as Found
    from dedupe.matching.calibrate import calibrate as calibrate
    from dedupe.matching.clusters import Cluster as Cluster
    from dedupe.matching.clusters import find_clusters as find_clusters
    from dedupe.matching.containment import Containment as Containment
    from dedupe.matching.containment import find_containments as find_containments
    from dedupe.matching.cover import Cover as Cover
    from dedupe.matching.cover import Coverage as Coverage
    from dedupe.matching.cover import covered as covered
    from dedupe.matching.distances import Pairs as Pairs
    from dedupe.matching.distances import pairs_within as pairs_within
    from dedupe.matching.explain import Explanation as Explanation
    from dedupe.matching.explain import explain as explain
    from dedupe.matching.groups import Group as Group
    from dedupe.matching.groups import find_groups as find_groups
    from dedupe.matching.hits import verify_hits as verify_hits
    from dedupe.matching.ignore import Decision as Decision
    from dedupe.matching.ignore import decisions as decisions
    from dedupe.matching.ignore import hide as hide
    from dedupe.matching.ignore import ignore as ignore
    from dedupe.matching.ignore import unignore as unignore
    from dedupe.matching.known_edits import KNOWN_EDITS as KNOWN_EDITS
    from dedupe.matching.known_edits import KnownEdit as KnownEdit
    from dedupe.matching.made import Member as Member
    from dedupe.matching.relations import Relation as Relation
    from dedupe.matching.search import Hit as Hit
    from dedupe.matching.search import search as search
    from dedupe.matching.unrelated import Apart as Apart
    from dedupe.matching.verdicts import Verdict as Verdict
    from dedupe.matching.verdicts import Verdicts as Verdicts
    from dedupe.matching.verified import verify as verify
    from dedupe.matching.verify import Evidence as Evidence
    from dedupe.organize.act import apply as apply
    from dedupe.organize.act import history as history
    from dedupe.organize.act import load_plan as load_plan
    from dedupe.organize.act import make_plan as make_plan
    from dedupe.organize.act import plan_to_free as plan_to_free
    from dedupe.organize.act import recover as recover
    from dedupe.organize.act import undo as undo
    from dedupe.organize.keep_rules import KEEP_RULES as KEEP_RULES
    from dedupe.organize.plan import Plan as Plan
    from dedupe.organize.records import Record as Record
    from dedupe.organize.saved import save_plan as save_plan
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
    "KEEP_RULES": "dedupe.organize.keep_rules",
    "KNOWN_EDITS": "dedupe.matching.known_edits",
    "Apart": "dedupe.matching.unrelated",
    "Calibration": "dedupe.matching.calibrate",
    "Cluster": "dedupe.matching.clusters",
    "Containment": "dedupe.matching.containment",
    "Cover": "dedupe.matching.cover",
    "Coverage": "dedupe.matching.cover",
    "Decision": "dedupe.matching.ignore",
    "DedupeError": "dedupe.errors",
    "EditDistances": "dedupe.matching.calibrate",
    "Encoded": "dedupe.encoders.stage",
    "Encoder": "dedupe.encoders.encoder",
    "Evidence": "dedupe.matching.verify",
    "Explanation": "dedupe.matching.explain",
    "Found": "dedupe.matching.calibrate",
    "Group": "dedupe.matching.groups",
    "Hit": "dedupe.matching.search",
    "Ignored": "dedupe.index.ignored",
    "KnownEdit": "dedupe.matching.known_edits",
    "Library": "dedupe.index.library",
    "Member": "dedupe.matching.made",
    "Pairs": "dedupe.matching.distances",
    "Photo": "dedupe.photos.photo",
    "PhotoFile": "dedupe.photos.photo",
    "Plan": "dedupe.organize.plan",
    "Receipt": "dedupe.organize.steps",
    "Refusal": "dedupe.organize.steps",
    "Record": "dedupe.organize.records",
    "Relation": "dedupe.matching.relations",
    "ScanReport": "dedupe.index.scan",
    "Skip": "dedupe.photos.photo",
    "Step": "dedupe.organize.steps",
    "Verdict": "dedupe.matching.verdicts",
    "Verdicts": "dedupe.matching.verdicts",
    "apply": "dedupe.organize.act",
    "calibrate": "dedupe.matching.calibrate",
    "covered": "dedupe.matching.cover",
    "decisions": "dedupe.matching.ignore",
    "encode_photos": "dedupe.encoders.stage",
    "explain": "dedupe.matching.explain",
    "find_clusters": "dedupe.matching.clusters",
    "find_containments": "dedupe.matching.containment",
    "find_groups": "dedupe.matching.groups",
    "find_problems": "dedupe.index.library",
    "forget": "dedupe.index.forget",
    "history": "dedupe.organize.act",
    "load_plan": "dedupe.organize.act",
    "hide": "dedupe.matching.ignore",
    "ignore": "dedupe.matching.ignore",
    "make_plan": "dedupe.organize.act",
    "open_library": "dedupe.index.library",
    "pairs_within": "dedupe.matching.distances",
    "plan_to_free": "dedupe.organize.act",
    "recover": "dedupe.organize.act",
    "save_plan": "dedupe.organize.saved",
    "scan": "dedupe.index.scan",
    "search": "dedupe.matching.search",
    "undo": "dedupe.organize.act",
    "unignore": "dedupe.matching.ignore",
    "update_index": "dedupe.index.scan",
    "verify": "dedupe.matching.verified",
    "verify_hits": "dedupe.matching.hits",
}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'dedupe' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(_HOME)
