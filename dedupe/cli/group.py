"""dedupe group: sets of look-alikes, and a folder for each if asked."""

import gc
import math
import os
import shlex
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dedupe.cli import options
from dedupe.cli.acting import carry_out, write_plan
from dedupe.cli.asked import chosen, planned, refuse_early, root_of_move
from dedupe.cli.talk import say
from dedupe.encoders.encoder import SEED_THRESHOLD
from dedupe.errors import UsageError
from dedupe.names import safe
from dedupe.organize.keep.ranking import DEFAULT_KEEP, choice, known_as, parse_rules, rank
from dedupe.reports.words import counted

if TYPE_CHECKING:
    from dedupe.cli.progress import RichProgress
    from dedupe.index.ignored import Ignored
    from dedupe.index.library import Library
    from dedupe.matching.sets.clusters import Cluster
    from dedupe.matching.sets.groups import Group
    from dedupe.matching.sets.verdicts import Verdicts
    from dedupe.matching.sets.verified import Choice
    from dedupe.organize.protected import Protected
    from dedupe.photos.photo import Photo
    from dedupe.reports.facts import Hidden, LeftOut


def group(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="PATH", help="Only photos below these; all that was scanned if none."
        ),
    ] = None,
    threshold: Annotated[
        float,
        typer.Option(min=0, help="Largest distance between look-alikes: 16 for one kind."),
    ] = SEED_THRESHOLD,
    relation: Annotated[
        str,
        typer.Option(
            help="The weakest that makes a set: same-file, same-pixels, same-picture, "
            "same-moment, same-scene or look-alike."
        ),
    ] = "look-alike",
    against: Annotated[
        list[Path] | None,
        typer.Option(
            "--against",
            metavar="DIR",
            help="Only what has a photo below DIR and one that is not; repeatable.",
            show_default=False,
        ),
    ] = None,
    symlink: Annotated[
        bool, typer.Option("--symlink", help="Put links to each set into a folder of its own.")
    ] = False,
    copy: Annotated[bool, typer.Option("--copy", help="Put copies there.")] = False,
    move: Annotated[
        bool,
        typer.Option(
            "--move", help="Put the photos there, but the one to keep, which a link shows there."
        ),
    ] = False,
    trash: Annotated[
        bool,
        typer.Option(
            "--trash", help="Trash what is the same file, or has the same pixels, as the one kept."
        ),
    ] = False,
    hardlink: Annotated[
        bool, typer.Option("--hardlink", help="Replace same files of a set by hard links to one.")
    ] = False,
    reflink: Annotated[
        bool, typer.Option("--reflink", help="Let them share their contents: btrfs, xfs.")
    ] = False,
    symlink_same: Annotated[
        bool,
        typer.Option("--symlink-same", help="Replace them by symbolic links to one."),
    ] = False,
    tree: Annotated[
        bool,
        typer.Option(
            "--tree", help="With --move: no folder for each set, but those that they are in."
        ),
    ] = False,
    into: Annotated[
        Path, typer.Option("--into", help="The folder that gets a folder for each set.")
    ] = Path("look-alikes"),
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the plan, change nothing.")
    ] = False,
    save_plan: Annotated[
        Path | None,
        typer.Option(
            "--save-plan",
            metavar="FILE",
            help="Write the plan to a new file for `dedupe apply`, change nothing.",
            show_default=False,
        ),
    ] = None,
    protect: Annotated[
        list[Path] | None,
        typer.Option(
            "--protect",
            metavar="DIR",
            help="Nothing below DIR is moved, and its photos are those to keep; repeatable.",
            show_default=False,
        ),
    ] = None,
    yes: options.Yes = False,
    keep: Annotated[
        str,
        typer.Option(
            help="Which photo to keep, of those that all others are verified against: rules, the "
            "first decides. original, resolution, metadata, format, folder:GLOB, oldest, newest, "
            "largest, sharpest, path."
        ),
    ] = ", ".join(DEFAULT_KEEP),
    clusters: Annotated[
        bool | None,
        typer.Option(
            "--clusters/--no-clusters",
            help="Whether to cluster the photos in no set by kind. If unsaid, it is done unless "
            "--relation asks for same-file or same-pixels alone.",
        ),
    ] = None,
    with_clusters: Annotated[
        bool,
        typer.Option("--with-clusters", help="With --symlink: a folder of links for each cluster."),
    ] = False,
    ignored: Annotated[
        bool, typer.Option("--ignored", help="As if `dedupe ignore` had never been said.")
    ] = False,
    report: options.Format = None,
    null: options.Null = False,
    encoder: options.EncoderName = None,
    weights: options.Weights = None,
    device: options.Device = "auto",
    index: options.Index = None,
) -> int:
    """Show what is one picture, one moment, one scene or alike; a folder for each set if asked.

    Every photo of a set is verified against the one to keep; look-alikes are within the
    threshold of each other. --against leaves out the sets and clusters that are on one side
    alone; photos below DIR are compared also where PATH does not hold them. What `dedupe ignore`
    was told is left out as well; how much is said. Nothing happens to any file without
    an option that says so, and `dedupe undo` takes each of them back. At least one photo of every
    set stays where it is, always. --symlink, --copy and --move make a folder for each set, where a
    link shows what --move leaves in its place; with --tree, it puts the others aside in the folders
    that they were in. --copy and --move take along what belongs to a photo: its RAW or JPEG, its
    edit, sidecars, a Live Photo's video. What --protect names stays as it is, and nothing is put
    there.
    """
    from dedupe.cli.progress import RichProgress
    from dedupe.index.library import open_library
    from dedupe.matching.pairs.relations import Relation, find_relation
    from dedupe.matching.sets.clusters import find_clusters
    from dedupe.matching.sets.groups import find_groups
    from dedupe.matching.sets.sides import known_folders
    from dedupe.matching.sets.verified import verify
    from dedupe.organize.keep.looked import remembered_in, seen_once
    from dedupe.organize.protected import Protected
    from dedupe.photos.companions import Companions
    from dedupe.reports.facts import Overview, look_alikes
    from dedupe.reports.registry import REPORTS, find_report

    form = find_report(report, terminal=sys.stdout.isatty(), null=null)
    action = chosen(
        **{"symlink": symlink, "copy": copy, "move": move, "trash": trash, "hardlink": hardlink},
        **{"reflink": reflink, "symlink-same": symlink_same},
    )
    protected = Protected(protect or ())
    refuse_early(action, into, protected, tree=tree, dry_run=dry_run, save_plan=save_plan, yes=yes)
    if with_clusters and (action != "symlink" or clusters is False):
        raise UsageError(
            "--with-clusters makes links, as the photos of a cluster are only alike",
            "it goes with --symlink, and not with --no-clusters",
        )
    rules = parse_rules(keep)
    weakest = find_relation(relation)
    # of exact copies alone no vectors are compared, which clusters of many photos need
    clusters = with_clusters or weakest > Relation.SAME_PIXELS if clusters is None else clusters
    order, wins = partial(rank, rules=rules, protected=protected), protected.wins
    name = known_as(rules, protected)
    with RichProgress() as progress:
        progress.start("Comparing photos", 0)
        sides = (*paths, *(against or ())) if paths else ()
        library = open_library(sides, index=index, encoder=encoder)
        library = replace(library, ignored=_applied(library, all_sets=ignored))
        gc.freeze()  # its photos stay to the end: 0.1 s to look through 100,000 of them in vain
        root = root_of_move(sides, into, index) if action == "move" else None
        folders = known_folders(library, against or ())
        verdicts = None
        if weakest > Relation.SAME_PIXELS:  # those are known by their hashes
            verdicts = verify(
                library,
                order=order,
                wins=wins,
                known_as=name,
                weights=weights,
                device=device,
                progress=progress,
            )
        progress.start("Comparing photos", 0)
        with remembered_in(library.index):
            groups = find_groups(
                library,
                threshold,
                verdicts=verdicts,
                relation=weakest,
                order=order,
                wins=wins,
                choose=partial(_chosen_photo, rules=rules, protected=protected, progress=progress),
                known_as=name,
                device=device,
            )
        kinds = (
            find_clusters(library, groups, verdicts=verdicts, device=device, progress=progress)
            if clusters
            else []
        )
        gc.unfreeze()
    groups, hidden = _not_hidden(groups, library)
    groups, kinds, left_out = _on_both_sides(groups, kinds, folders)
    _say_not_compared(verdicts)
    if dry_run or form is not REPORTS["table"]:  # which says it itself
        _say_not_shown(left_out, hidden)
    linked = kinds if with_clusters else ()
    known = (photo for each in groups for photo in each.photos)
    found = Companions(known, once=seen_once) if form.facts and not dry_run else None
    with remembered_in(library.index):  # what speaks against the others of a set may be new
        sets = tuple(
            look_alikes(each, rules, protected=protected, companions=found, facts=form.facts)
            for each in groups
        )
        top = root if tree else None
        plan = action and planned(action, groups, linked, rules, into, index, protected, top)
    if plan and dry_run:
        typer.echo(str(plan))
        shown = 3 if plan.refusals else 0
        return write_plan(plan, save_plan, index=index) if save_plan else shown
    overview = Overview(
        sets=sets,
        clusters=tuple(kinds),
        photos=len(library.photos),
        threshold=threshold,
        relation=weakest.words,
        encoder=library.encoder.name,
        left_out=left_out,
        hidden=hidden,
    )
    try:
        form.overview(overview, sys.stdout)
    except BrokenPipeError:
        # `dedupe group --symlink | head`: that nobody reads on does not call the action off
        if plan is None:
            raise
    if plan:
        if save_plan:
            return write_plan(plan, save_plan, index=index)
        return carry_out(plan, yes=yes, index=index, doubts=True)
    _say_changed(groups)
    if groups and sys.stdout.isatty():
        command = options.again("dedupe group --symlink", index)
        say(f"next:  {_same(command, folders)}  puts each set into a folder of links")
    return 0


def _chosen_photo(
    pictures: "Sequence[Sequence[Photo]]",
    *,
    rules: "Sequence[str]",
    protected: "Protected",
    progress: "RichProgress",
) -> "Choice":
    """Of one set the photo to keep; files may be read for it, so it counts."""
    progress.advance()
    return choice(pictures, rules, protected=protected)


def _applied(library: "Library", *, all_sets: bool) -> "Ignored":
    """What is known to be ignored, or nothing of it where all sets are asked for."""
    from dedupe.index.ignored import Ignored

    return Ignored() if all_sets else library.ignored


def _say_not_shown(*what: "LeftOut | Hidden") -> None:
    for each in what:
        if each.words:
            say(each.words)


def _not_hidden(groups: "list[Group]", library: "Library") -> "tuple[list[Group], Hidden]":
    """The groups that nobody hid, and how much is hidden."""
    from dedupe.index.indexed import contents
    from dedupe.matching.sets.ignore import without_hidden
    from dedupe.reports.facts import Hidden

    shown, hidden = without_hidden(groups, library.ignored)
    here = set(contents(library.photos))
    pairs = sum(here.issuperset(pair) for pair in library.ignored.pairs)
    return shown, Hidden(len(hidden), _photos(hidden), pairs)


def _on_both_sides(
    groups: "list[Group]", kinds: "list[Cluster]", folders: tuple[Path, ...]
) -> "tuple[list[Group], list[Cluster], LeftOut]":
    """What has photos below some folders and elsewhere, and how much has not."""
    from dedupe.matching.sets.sides import on_both_sides
    from dedupe.reports.facts import LeftOut

    sets, clusters = on_both_sides(groups, folders), on_both_sides(kinds, folders)
    left_out = LeftOut(
        folders,
        sets=len(groups) - len(sets),
        clusters=len(kinds) - len(clusters),
        photos=_photos(groups) + _photos(kinds) - _photos(sets) - _photos(clusters),
    )
    return sets, clusters, left_out


def _photos(found: "Sequence[Group | Cluster]") -> int:
    return sum(len(each.photos) for each in found)


def _same(command: str, folders: tuple[Path, ...]) -> str:
    """The command with the --against it needs to act on the same sets."""
    against = (f" --against {safe(shlex.quote(os.fspath(folder)))}" for folder in folders)
    return command + "".join(against)


def _say_not_compared(verdicts: "Verdicts | None") -> None:
    if verdicts and verdicts.recall is not None:
        share = f"{math.floor(1000 * verdicts.recall) / 10:g} %"
        say(f"not all photos were compared: of those nearest to each, faiss found {share}")
    if verdicts and verdicts.without_thumbnail:
        count = counted(verdicts.without_thumbnail, "photo")
        say(f"{count} scanned with --no-thumbnails: only their bytes and distances were compared")
    if verdicts and verdicts.without_fields:
        count = counted(verdicts.without_fields, "photo")
        say(
            f"fields of collages in {count} were compared by hash alone, without the weights that "
            "they were scanned with: some that show a part of a photo may be missed; see "
            "`dedupe encoders`, or give --weights FILE as for the scan"
        )


def _say_changed(groups: "Sequence[Group]") -> None:
    """The index may be older than the disk; only the photos that are shown are looked at."""
    from dedupe.photos.discover import unchanged

    count = sum(not unchanged(photo.file) for each in groups for photo in each.photos)
    if count:
        say(f"{counted(count, 'photo')} in these sets changed or went since the scan: scan again")
