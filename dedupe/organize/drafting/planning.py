"""From groups to a plan: which file goes where, worked out before anything is changed."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dedupe.errors import UnknownName, UsageError
from dedupe.organize import naming
from dedupe.organize.drafting.aside import plan_aside
from dedupe.organize.drafting.draft import Draft, ranked_name
from dedupe.organize.drafting.layout import Layout, missing_folders
from dedupe.organize.keep.ranking import DEFAULT_KEEP, check_rules, ranked
from dedupe.organize.plans.actions import ACTIONS
from dedupe.organize.plans.plan import ALONE, Plan, make_folder, refuse_as_folder
from dedupe.organize.plans.tree import refuse_tree
from dedupe.organize.protected import NOTHING, Protected

if TYPE_CHECKING:
    from dedupe.matching.sets.clusters import Cluster
    from dedupe.matching.sets.groups import Group
    from dedupe.organize.steps import Step
    from dedupe.photos.photo import Photo


def make_plan(
    groups: "Sequence[Group]",
    *,
    keep: Sequence[str] = DEFAULT_KEEP,
    action: str,
    into: Path | str,
    ours: Mapping[Path, str] | None = None,
    clusters: "Sequence[Cluster]" = (),
    protected: Protected = NOTHING,
    tree: Path | str | None = None,
) -> Plan:
    """Plan a folder for each group, its best photo first. Looks at the disk, changes nothing.

    Each group gets `into/001 <name of its best photo>/`, in it `1 IMG_2041.jpg` for the best,
    `2 ...` for the next. A name that somebody else has is stepped around. The same groups give
    the same plan, and what already is in its place gets no step.

    Where photos are moved, the best of each group stays where it is, and a link in that folder
    shows it; with a `tree`, the others go to the folders that they are in, and there is no link.

    Args:
        groups: in the order they are to be numbered.
        keep: names in KEEP_RULES; decides who is best where nothing was verified, and the
            order of the others.
        action: a name in ACTIONS.
        into: the folder for the groups; `~` is the home folder. It need not exist.
        ours: what the journal says earlier runs made there (`Journal.links_under`). Links in
            it that are no longer wanted are removed; nothing else ever is.
        clusters: each gets `into/kind <its name>/`, with links of the photos' own names.
        protected: folders from which nothing is moved, and into which nothing is put. Their
            photos come first in a group that nothing was verified of.
        tree: the folder that a tree is relative to, as `common_folder` gives it.

    Returns:
        The plan. A photo that is gone or changed since the scan is refused in it, and so is
        the rest of its group where only one is left, or the best one is not.

    Raises:
        UnknownName: there is no such action or keep rule.
        UsageError: `into` is there and is not a folder, or is protected, or the photos of a tree
            are in it; there are clusters and the action is not "symlink": what is only alike is
            no reason to bring a photo elsewhere; there is a tree and it is not "move".
    """
    if action not in ACTIONS:
        raise UnknownName("action", action, ACTIONS)
    if tree is not None:
        refuse_tree(action, clusters=bool(clusters))
    if clusters and action != "symlink":
        raise UsageError(
            "the photos of clusters are only alike, and are never moved or copied",
            "link them, or leave the clusters out",
        )
    check_rules(keep)
    place = Path(os.path.realpath(Path(into).expanduser()))
    refuse_as_folder(place, protected)
    if ACTIONS[action].takes_away:
        return plan_aside(groups, keep=keep, into=place, ours=ours, protected=protected, root=tree)
    return _plan_folders(groups, clusters, action, Layout(place, ours or {}, protected), keep)


def _plan_folders(
    groups: "Sequence[Group]",
    clusters: "Sequence[Cluster]",
    action: str,
    layout: Layout,
    keep: Sequence[str],
) -> Plan:
    """The plan of what leaves every photo where it is."""
    from dedupe.organize.drafting.along import along_for, shots_together  # Pillow: not for `undo`

    along = along_for(photo for group in groups for photo in group.photos)
    drawn = _FolderDraft(action=ACTIONS[action], layout=layout, along=along, keep=keep)
    width = max(3, len(str(len(groups))))
    for number, together in enumerate(shots_together(groups, along, drawn.action), start=1):
        protected = layout.protected
        members = [
            photo for group in together for photo in ranked(group, keep, protected=protected)
        ]
        if members:
            stem = Path(layout.own_name(members[0].path)).stem
            drawn.add(members, naming.folder_name(number, width, stem))
    for cluster in clusters:
        drawn.add(cluster.photos, naming.cluster_folder_name(cluster.name), ranked=False)
    parents = missing_folders(layout.into) if drawn.steps else []
    return Plan(
        action=action,
        into=layout.into,
        steps=(*layout.tidying(), *map(make_folder, parents), *drawn.steps),
        refusals=(*drawn.refusals, *along.refusals),
        standing=len(layout.wanted),
        protected=layout.protected.folders,
    )


class _FolderDraft(Draft):
    """The plan of folders, each with links to all photos of a group, or copies of them."""

    def add(self, members: "Sequence[Photo]", wanted: str, *, ranked: bool = True) -> None:
        """Plan one group, its best photo first, into a folder that is best called `wanted`.

        Where they are not `ranked`, their names do not say their rank.
        """
        usable = set(self.usable(members))
        folder = self.layout.folder_for(wanted)
        exists = folder.is_dir()
        units = self.along.units(members, usable, self.action)
        # the rest of an interrupted run still goes to the others, which are there already
        if sum(unit.photo in usable for unit in units) < 2 and not exists:
            self.refuse([photo for photo in members if photo in usable], ALONE)
            return
        steps: list[Step] = []
        digits = len(str(len(units)))
        for rank, unit in enumerate(units, start=1):
            if unit.photo in usable:
                steps += self.put(unit, ranked_name(rank, digits) if ranked else "", folder)
        if steps and not exists:
            self.steps.append(make_folder(folder))
        self.steps += steps
