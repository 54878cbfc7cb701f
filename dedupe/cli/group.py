"""dedupe group: sets of look-alikes, and a folder for each if asked."""

import os
import shlex
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dedupe.cli import options
from dedupe.cli.talk import ask, say, say_left
from dedupe.encoders.encoder import SEED_THRESHOLD
from dedupe.errors import UsageError
from dedupe.names import safe
from dedupe.organize.keep import DEFAULT_KEEP, choose, parse_rules, rank
from dedupe.reports.words import counted, shown_bytes, shown_path

if TYPE_CHECKING:
    from dedupe.cli.progress import RichProgress
    from dedupe.matching.clusters import Cluster
    from dedupe.matching.groups import Group
    from dedupe.matching.verdicts import Verdicts
    from dedupe.organize.plan import Plan
    from dedupe.photos.photo import Photo
    from dedupe.reports.facts import LeftOut

_DONE = {"symlink": "linked", "copy": "copied", "move": "moved"}


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
    move: Annotated[bool, typer.Option("--move", help="Put the photos themselves there.")] = False,
    into: Annotated[
        Path, typer.Option("--into", help="The folder that gets a folder for each set.")
    ] = Path("look-alikes"),
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the plan, change nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before moving.")] = False,
    keep: Annotated[
        str,
        typer.Option(
            help="Which photo to keep, of those that all others are verified against: rules, the "
            "first decides. original, resolution, metadata, format, folder:GLOB, oldest, newest, "
            "largest, sharpest, path."
        ),
    ] = ", ".join(DEFAULT_KEEP),
    clusters: Annotated[
        bool, typer.Option(help="Also cluster the photos in no set by kind.")
    ] = True,
    with_clusters: Annotated[
        bool,
        typer.Option("--with-clusters", help="With --symlink: a folder of links for each cluster."),
    ] = False,
    report: options.Format = None,
    null: options.Null = False,
    encoder: options.EncoderName = None,
    device: options.Device = "auto",
    index: options.Index = None,
) -> int:
    """Show what is one picture, one moment, one scene or alike; a folder for each set if asked.

    Every photo of a set is verified against the one to keep; look-alikes are within the
    threshold of each other. --against leaves out the sets and clusters that are on one side
    alone; photos below DIR are compared also where PATH does not hold them. Nothing happens to
    any file without --symlink, --copy or --move; `dedupe undo` takes those back.
    """
    from dedupe.cli.progress import RichProgress
    from dedupe.index.library import open_library
    from dedupe.matching.clusters import find_clusters
    from dedupe.matching.groups import find_groups
    from dedupe.matching.relations import Relation, find_relation
    from dedupe.matching.sides import known_folders
    from dedupe.matching.verified import verify
    from dedupe.organize.act import make_plan
    from dedupe.reports.facts import Overview, look_alikes
    from dedupe.reports.registry import REPORTS, find_report

    form = find_report(report, terminal=sys.stdout.isatty(), null=null)
    action = _chosen(symlink=symlink, copy=copy, move=move)
    if dry_run and action is None:
        raise UsageError("--dry-run shows a plan: add --symlink, --copy or --move")
    if with_clusters and (action != "symlink" or not clusters):
        raise UsageError(
            "--with-clusters makes links, as the photos of a cluster are only alike",
            "it goes with --symlink, and not with --no-clusters",
        )
    rules = parse_rules(keep)
    weakest = find_relation(relation)
    order = partial(rank, rules=rules)
    with RichProgress() as progress:
        progress.start("Comparing photos", 0)
        sides = (*paths, *(against or ())) if paths else ()
        library = open_library(sides, index=index, encoder=encoder)
        folders = known_folders(library, against or ())
        verdicts = None
        if weakest > Relation.SAME_PIXELS:  # those are known by their hashes
            verdicts = verify(library, order=order, device=device, progress=progress)
        progress.start("Comparing photos", 0)
        groups = find_groups(
            library,
            threshold,
            verdicts=verdicts,
            relation=weakest,
            order=order,
            choose=partial(_chosen_photo, rules=rules, progress=progress),
            device=device,
        )
        kinds = find_clusters(library, groups) if clusters else []
    groups, kinds, left_out = _on_both_sides(groups, kinds, folders)
    _say_not_compared(verdicts)
    if left_out.words and (dry_run or form is not REPORTS["table"]):  # which says it itself
        say(left_out.words)
    linked = kinds if with_clusters else ()
    plan = action and make_plan(
        groups, keep=rules, action=action, into=into, index=index, clusters=linked
    )
    if plan and dry_run:
        typer.echo(str(plan))
        return 3 if plan.refusals else 0
    overview = Overview(
        sets=tuple(look_alikes(each, rules) for each in groups),
        clusters=tuple(kinds),
        photos=len(library.photos),
        threshold=threshold,
        relation=weakest.words,
        encoder=library.encoder.name,
        left_out=left_out,
    )
    try:
        form.overview(overview, sys.stdout)
    except BrokenPipeError:
        # `dedupe group --symlink | head`: that nobody reads on does not call the action off
        if plan is None:
            raise
    if plan:
        return _carry_out(plan, yes=yes, index=index)
    _say_changed(groups)
    if groups and sys.stdout.isatty():
        command = options.again("dedupe group --symlink", index)
        say(f"next:  {_same(command, folders)}  puts each set into a folder of links")
    return 0


def _chosen_photo(
    pictures: "Sequence[Sequence[Photo]]", *, rules: "Sequence[str]", progress: "RichProgress"
) -> "Photo":
    """Of one set the photo to keep; files may be read for it, so it counts."""
    progress.advance()
    return choose(pictures, rules)


def _chosen(**actions: bool) -> str | None:
    asked = [name for name, wanted in actions.items() if wanted]
    if len(asked) > 1:
        raise UsageError(f"--{asked[0]} and --{asked[1]} exclude each other")
    return asked[0] if asked else None


def _on_both_sides(
    groups: "list[Group]", kinds: "list[Cluster]", folders: tuple[Path, ...]
) -> "tuple[list[Group], list[Cluster], LeftOut]":
    """What has photos below some folders and elsewhere, and how much has not."""
    from dedupe.matching.sides import on_both_sides
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


def _carry_out(plan: "Plan", *, yes: bool, index: Path | None) -> int:
    from dedupe.cli.progress import RichProgress
    from dedupe.organize.act import apply

    photos = [step for step in plan.steps if step.is_photo]
    if plan.action == "move" and photos and not yes and sys.stdin.isatty():
        size = shown_bytes(sum(step.size for step in photos))
        if not ask(f"Move {counted(len(photos), 'photo')} ({size}) to {shown_path(plan.into)}?"):
            say("nothing was moved")
            return 1
    with RichProgress() as progress:
        receipt = apply(plan, index=index, progress=progress)
    standing = f", {plan.standing:,} already there" if plan.standing else ""
    done = f"{counted(receipt.done, 'photo')} {_DONE[plan.action]}"
    say(f"{done} into {shown_path(plan.into)}{standing}")
    if receipt.action:
        command = options.again("dedupe undo", index)
        say(f"{command} takes it back (action {receipt.action})")
    return say_left(receipt.left)


def _same(command: str, folders: tuple[Path, ...]) -> str:
    """The command with the --against it needs to act on the same sets."""
    against = (f" --against {safe(shlex.quote(os.fspath(folder)))}" for folder in folders)
    return command + "".join(against)


def _say_not_compared(verdicts: "Verdicts | None") -> None:
    if verdicts and verdicts.without_thumbnail:
        count = counted(verdicts.without_thumbnail, "photo")
        say(f"{count} scanned with --no-thumbnails: only their bytes and distances were compared")


def _say_changed(groups: "Sequence[Group]") -> None:
    """The index may be older than the disk; only the photos that are shown are looked at."""
    from dedupe.photos.discover import unchanged

    count = sum(not unchanged(photo.file) for each in groups for photo in each.photos)
    if count:
        say(f"{counted(count, 'photo')} in these sets changed or went since the scan: scan again")
