"""Protected folders: nothing in them is moved, nothing is put there, and their photos win."""

import os
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_properties import TREES, made, photos_in
from trees import Link, contents, group, imagined, make_files, photo, read_tree

from dedupe.errors import UsageError
from dedupe.organize.applying.apply import apply
from dedupe.organize.applying.undo import undo
from dedupe.organize.drafting.planning import make_plan
from dedupe.organize.journal.journal import Journal
from dedupe.organize.keep.ranking import KEEP_RULES, rank, ranked, why
from dedupe.organize.plans.actions import ACTIONS
from dedupe.organize.protected import NOTHING, Protected


@pytest.fixture
def card(tree: Path) -> Path:
    """A photo on a card and its larger look-alike; one more of each; some others."""
    make_files(
        tree,
        {
            "album/a.jpg": b"a",
            "card/a.jpg": b"a larger one",
            "album/b.jpg": b"bb",
            "album/c.jpg": b"c",
            "card/b.jpg": b"b larger",
        },
    )
    return tree


def test_a_folder_is_known_whatever_it_is_called(tree: Path) -> None:
    make_files(tree, {"real/deep/a.jpg": b"a", "realm/a.jpg": b"b"})
    (tree / "link").symlink_to("real")
    (tree / "real/out").symlink_to("../realm")
    protected = Protected([tree / "link", f"{tree}/real/"])
    assert protected.folders == (tree / "real",)
    for name in ("real", "real/deep", "real/deep/a.jpg", "link/deep/a.jpg", "real/not/there"):
        assert protected.holds(tree / name), name
    for name in ("realm", "realm/a.jpg", "re", "", "real/out/a.jpg"):
        assert not protected.holds(tree / name), name
    assert not NOTHING.holds(tree)


def test_a_hard_link_in_a_protected_folder_makes_a_photo_win(tree: Path) -> None:
    protected = Protected([tree])
    assert protected.wins(imagined("/p/a.jpg", hard_links=(tree / "a.jpg",)))
    assert not protected.wins(imagined("/p/a.jpg"))


def test_a_folder_that_is_not_there_protects_nothing_and_is_refused(tree: Path) -> None:
    with pytest.raises(UsageError, match="albun is not there, so nothing in it can be protected"):
        Protected([tree / "albun"])


@pytest.mark.parametrize(
    "rule", [f"{name}:card" if rule.takes else name for name, rule in KEEP_RULES.items()]
)
def test_protected_photos_come_first_whatever_the_rule(card: Path, rule: str) -> None:
    photos = [photo(path) for path in card.rglob("*.jpg")]
    protected = Protected([card / "card"])
    in_order = [one.path.parent.name for one in rank(photos, [rule], protected=protected)]
    assert in_order == ["card", "card", "album", "album", "album"]
    others = [one for one in rank(photos, [rule]) if one.path.parent.name == "album"]
    assert list(rank(photos, [rule], protected=protected)[2:]) == others


def test_why_a_protected_photo_wins_is_said(card: Path) -> None:
    protected = Protected([card / "album"])
    best, *others = ranked(
        group(card / "album/a.jpg", card / "card/a.jpg", card / "album/b.jpg"), protected=protected
    )
    assert best.path == card / "album/b.jpg"
    reasons = {other.path.parent.name: why(best, other, protected=protected) for other in others}
    assert reasons == {"album": "2 bytes > 1 bytes", "card": "is in a protected folder"}


def test_nothing_protected_is_moved_and_the_rest_of_its_set_is(card: Path, journal: Path) -> None:
    before = read_tree(card)
    plan = make_plan(
        [
            group(card / "album/a.jpg", card / "card/a.jpg"),
            group(card / "album/b.jpg", card / "album/c.jpg", card / "card/b.jpg"),
        ],
        action="move",
        into=card / "out",
        protected=Protected([card / "album"]),
    )
    assert plan.refusals == ()
    assert plan.stays == (card / "album/c.jpg",)  # the others are those to keep
    assert plan.protected == (card / "album",)
    assert "left where they are, protected: 1 photo" in str(plan)
    receipt = apply(plan, journal=journal)
    assert (receipt.done, receipt.left) == (2, ())
    assert contents(card) == {
        "album/a.jpg": b"a",
        "album/b.jpg": b"bb",
        "album/c.jpg": b"c",
        "out/001 a/1 a.jpg": Link("../../album/a.jpg"),
        "out/001 a/2 a.jpg": b"a larger one",
        "out/002 b/1 b.jpg": Link("../../album/b.jpg"),
        "out/002 b/2 c.jpg": Link("../../album/c.jpg"),
        "out/002 b/3 b.jpg": b"b larger",
    }
    undo(journal=journal)
    assert read_tree(card) == before


def test_a_set_that_is_all_protected_is_left_as_it_is(card: Path) -> None:
    plan = make_plan(
        [group(card / "album/b.jpg", card / "album/c.jpg")],
        action="move",
        into=card / "out",
        protected=Protected([card / "album"]),
    )
    assert (plan.steps, plan.refusals, plan.stays) == ((), (), (card / "album/c.jpg",))


@pytest.mark.parametrize("action", ["symlink", "copy"])
def test_links_and_copies_of_protected_photos_are_made_elsewhere(
    card: Path, journal: Path, action: str
) -> None:
    plan = make_plan(
        [group(card / "album/a.jpg", card / "card/a.jpg")],
        action=action,
        into=card / "out",
        protected=Protected([card / "album"]),
    )
    assert (len(plan.photos), plan.stays) == (2, ())
    album = read_tree(card / "album")
    assert apply(plan, journal=journal).done == 2
    assert read_tree(card / "album") == album


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("into", ["album", "album/sets", "way/sets"])
def test_nothing_is_put_into_a_protected_folder(card: Path, action: str, into: str) -> None:
    (card / "way").symlink_to("album")
    with pytest.raises(UsageError, match="is in a protected folder, and nothing is put there"):
        make_plan([], action=action, into=card / into, protected=Protected([card / "album"]))


def test_a_protected_folder_inside_the_folder_of_sets_is_stepped_around(
    card: Path, journal: Path
) -> None:
    pair = group(card / "album/a.jpg", card / "card/a.jpg")
    first = make_plan([pair], action="symlink", into=card / "out")
    apply(first, journal=journal)
    links = read_tree(card / "out/001 a")
    with Journal(journal) as book:
        ours = book.links_under(card / "out")
    again = make_plan(
        [pair],
        action="symlink",
        into=card / "out",
        ours=ours,
        protected=Protected([card / "out/001 a"]),
    )
    apply(again, journal=journal)
    assert read_tree(card / "out/001 a") == links
    assert {os.path.relpath(step.target.parent, card / "out") for step in again.photos} == {
        "001 a (2)"
    }


@pytest.mark.parametrize("action", ACTIONS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(tree=TREES, data=st.data())
def test_whatever_the_tree_a_protected_folder_is_byte_for_byte_as_it_was(
    action: str, tree: dict[str, bytes], data: st.DataObject
) -> None:
    with made({**tree, "a/keep.jpg": b"keep"}) as (top, paths):
        if len(paths) < 2:
            return
        folder = top / "tree" / data.draw(st.sampled_from(["a", "a/b", "out/001 IMG"]))
        if not folder.is_dir():
            return
        before, album = read_tree(top / "tree"), read_tree(folder)
        plan = make_plan(
            [group(*data.draw(st.permutations(paths)))],
            action=action,
            into=top / "tree/out",
            protected=Protected([folder]),
        )
        receipt = apply(plan, journal=top / "journal.db")
        assert receipt.left == ()
        assert read_tree(folder) == album
        if action == "move":
            assert photos_in(top / "tree") == Counter(_contents(before))
        undo(journal=top / "journal.db")
        assert read_tree(top / "tree") == before


def _contents(tree: dict[str, object]) -> list[object]:
    return [
        value[0] for value in tree.values() if isinstance(value, tuple) and value[0] != "folder"
    ]
