"""What was asked of `dedupe group` beside its sets: an action, where to, and what cannot be."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dedupe.cli.acting import refuse_without_a_person
from dedupe.errors import UsageError
from dedupe.organize.plans.freeing import FREEING

if TYPE_CHECKING:
    from dedupe.matching.sets.clusters import Cluster
    from dedupe.matching.sets.groups import Group
    from dedupe.organize.plans.plan import Plan
    from dedupe.organize.protected import Protected


def chosen(**actions: bool) -> str | None:
    """The one action that was asked for, or None.

    Raises:
        UsageError: there are two.
    """
    asked = [name for name, wanted in actions.items() if wanted]
    if len(asked) > 1:
        raise UsageError(f"--{asked[0]} and --{asked[1]} exclude each other")
    return asked[0] if asked else None


def planned(
    action: str,
    groups: "Sequence[Group]",
    clusters: "Sequence[Cluster]",
    rules: "Sequence[str]",
    into: Path,
    index: Path | None,
    protected: "Protected",
    root: Path | None,
) -> "Plan":
    """The plan of an action, whatever kind it is; with a `root`, photos keep their folders."""
    from dedupe.organize.act import make_plan, plan_to_free

    facts: dict[str, Any] = {
        "action": action,
        "keep": rules,
        "index": index,
        "protect": protected.folders,
    }
    if action in FREEING:
        return plan_to_free(groups, **facts)
    facts |= {"into": into, "clusters": clusters, "tree": root}
    return make_plan(groups, **facts)


def root_of_move(named: "Sequence[Path]", into: Path, index: Path | None) -> Path:
    """The folder that a tree is relative to: that of what was named, or else of what was scanned.

    Raises:
        UsageError: the photos are in the folder for those that go themselves.
    """
    from dedupe.index.library import scanned_roots
    from dedupe.organize.plans.tree import common_folder, refuse_as_aside
    from dedupe.photos.discover import each_absolute

    place = Path(os.path.realpath(into.expanduser()))
    root = common_folder(each_absolute(named) if named else scanned_roots(index=index), place)
    refuse_as_aside(root, place)
    return root


def refuse_early(
    action: str | None,
    into: Path,
    protected: "Protected",
    *,
    tree: bool,
    dry_run: bool,
    save_plan: Path | None,
    yes: bool,
) -> None:
    """Refuse what could not be done in the end, before photos are compared for minutes."""
    from dedupe.organize.files.trash import refuse_without_trash
    from dedupe.organize.plans.plan import refuse_as_folder
    from dedupe.organize.plans.tree import refuse_tree
    from dedupe.organize.saved.plan_file import refuse_as_plan_file

    if tree:
        refuse_tree(action)
    if action == "trash":
        refuse_without_trash()
    if action is not None and action not in FREEING:
        refuse_as_folder(Path(os.path.realpath(into.expanduser())), protected)
    if dry_run and action is None:
        raise UsageError(
            "--dry-run shows a plan: add --symlink, --copy or --move, or what frees space"
        )
    if save_plan is not None:
        if action is None:
            raise UsageError(
                "--save-plan writes a plan: add --symlink, --copy or --move, or what frees space"
            )
        refuse_as_plan_file(save_plan, protected)
    elif action is not None and action not in ("symlink", "copy") and not dry_run:
        refuse_without_a_person(action, yes=yes)
