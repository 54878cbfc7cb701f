"""A person's own links to photos that are moved: they follow, and come back."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from scene import rechecked
from trees import Content, Link, contents, group, make_files, read_tree

from dedupe.errors import Interrupted, PlanRefused
from dedupe.organize.applying.apply import apply
from dedupe.organize.applying.recover import recover
from dedupe.organize.applying.undo import history, undo
from dedupe.organize.drafting.planning import make_plan
from dedupe.organize.drafting.pointing import with_links
from dedupe.organize.files import relinking, renaming
from dedupe.organize.files.place import Refused
from dedupe.organize.journal.journal import Journal
from dedupe.organize.plans.plan import Plan
from dedupe.organize.protected import Protected
from dedupe.organize.saved.plan_file import read_plan, save_plan
from dedupe.organize.steps import Receipt

PHOTOS: dict[str, Content] = {
    "in/IMG.jpg": b"one",
    "in/b/IMG.jpg": b"two!",
    "in/best.jpg": b"the best",
    "in/stays.jpg": b"3",
}
SET = ("in/IMG.jpg", "in/b/IMG.jpg", "in/best.jpg")
LINKS: dict[str, Content] = {
    "mine/relative": Link("../in/IMG.jpg"),
    "mine/second": Link("../in/b/../b/IMG.jpg"),
    "mine/way in": Link("../in"),
    "mine/by folder": Link("way in/IMG.jpg"),
    "mine/link to link": Link("relative"),
    "mine/other": Link("../in/stays.jpg"),
    "mine/nowhere": Link("../in/gone.jpg"),
}
MOVED = {"mine/relative", "mine/second", "mine/by folder", "mine/absolute"}


@pytest.fixture
def linked(tree: Path) -> Path:
    absolute: dict[str, Content] = {"mine/absolute": Link(str(tree / "in/IMG.jpg"))}
    make_files(tree, {**PHOTOS, **LINKS, **absolute})
    return tree


def links_in(tree: Path) -> list[Path]:
    """As the scan would have seen them."""
    return [tree / name for name, value in contents(tree).items() if isinstance(value, Link)]


def planned(tree: Path, protect: tuple[Path, ...] = (), action: str = "move") -> Plan:
    found = group(*(tree / name for name in SET))
    protected = Protected(protect)
    plan = make_plan([found], action=action, into=tree / "out", protected=protected)
    return with_links(plan, links_in(tree), protected)


def bytes_behind(tree: Path) -> dict[str, bytes]:
    """What is read by way of each link that leads to a file."""
    return {path.name: path.read_bytes() for path in links_in(tree) if path.is_file()}


def reasons(left: Plan | Receipt) -> dict[str, str]:
    refusals = left.refusals if isinstance(left, Plan) else left.left
    return {refusal.path.name: refusal.reason for refusal in refusals}


def no_exchange(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(renaming, "exchanging_rename", lambda: None)


@pytest.fixture(params=["exchange", "no exchange"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "no exchange":
        no_exchange(monkeypatch)


@pytest.mark.usefixtures("way")
def test_links_lead_to_the_same_photos_after_a_move_and_say_what_they_said_after_undo(
    linked: Path, journal: Path
) -> None:
    before, read = read_tree(linked), bytes_behind(linked)
    plan = planned(linked)
    assert {step.target.relative_to(linked).as_posix() for step in plan.links} == MOVED
    receipt = apply(plan, journal=journal)
    assert (receipt.done, receipt.links, receipt.left) == (2, 4, ())
    assert bytes_behind(linked) == {**read, "1 best.jpg": b"the best"}
    after = contents(linked)
    assert after["mine/absolute"] == Link(str(linked / "out/001 best/3 IMG.jpg"))
    assert after["mine/relative"] == Link("../out/001 best/3 IMG.jpg")
    for name in LINKS.keys() - MOVED:
        assert after[name] == LINKS[name]
    taken = undo(journal=journal)
    assert (taken.done, taken.links, taken.left) == (2, 4, ())
    assert read_tree(linked) == before


def test_a_link_comes_right_after_its_photo_and_counts_as_none(linked: Path) -> None:
    plan = planned(linked)
    verbs = [step.verb for step in plan.steps]
    assert verbs == [
        *("mkdir", "mkdir", "symlink", "move", "relink"),
        *("move", "relink", "relink", "relink"),
    ]
    assert len(plan.photos) == 2
    assert "re-pointed to the new places: 4 links" in str(plan)
    assert f"{linked}/mine/relative -> ../out/001 best/3 IMG.jpg" in str(plan)


@pytest.mark.parametrize("action", ["symlink", "copy"])
def test_where_photos_stay_links_stay(linked: Path, action: str) -> None:
    assert planned(linked, action=action).links == ()


def test_links_in_a_protected_folder_are_named_and_left(linked: Path, journal: Path) -> None:
    before = contents(linked)
    plan = planned(linked, protect=(linked / "mine",))
    assert plan.links == ()
    told = reasons(plan)
    assert told.keys() == {Path(name).name for name in MOVED}
    assert all("protected folder, and will lead nowhere" in reason for reason in told.values())
    apply(plan, journal=journal)
    after = contents(linked)
    assert {name: after[name] for name in MOVED} == {name: before[name] for name in MOVED}


@pytest.mark.usefixtures("way")
def test_a_link_that_somebody_changed_since_is_left_as_he_wants_it(
    linked: Path, journal: Path
) -> None:
    plan = planned(linked)
    for name in ("relative", "second", "absolute"):
        (linked / "mine" / name).unlink()
    (linked / "mine/relative").symlink_to("../in/stays.jpg")
    (linked / "mine/second").write_bytes(b"a photo of his")
    receipt = apply(plan, journal=journal)
    assert reasons(receipt) == {
        "relative": "leads elsewhere by now, to ../in/stays.jpg",
        "second": "is no longer a link",
        "absolute": "is gone",
    }
    assert (receipt.done, receipt.links) == (2, 1)
    after = contents(linked)
    assert after["mine/second"] == b"a photo of his"
    assert after["mine/relative"] == Link("../in/stays.jpg")
    undo(journal=journal)
    assert contents(linked)["mine/by folder"] == Link("way in/IMG.jpg")
    assert contents(linked)["mine/relative"] == Link("../in/stays.jpg")


def test_the_link_of_a_photo_that_could_not_be_moved_stays(linked: Path, journal: Path) -> None:
    plan = planned(linked)
    (target,) = (step.target for step in plan.photos if step.source.parent.name == "b")
    make_files(linked, {"out/001 best": None})
    target.write_bytes(b"faster")
    receipt = apply(plan, journal=journal)
    assert reasons(receipt)["second"] == "says what it said, as its photo is not at the new place"
    assert (linked / "mine/second").read_bytes() == b"two!"


@pytest.mark.usefixtures("way")
def test_where_a_photo_cannot_come_back_its_link_leads_to_where_it_is(
    linked: Path, journal: Path
) -> None:
    apply(planned(linked), journal=journal)
    (linked / "in/b/IMG.jpg").write_bytes(b"another one")
    taken = undo(journal=journal)
    assert reasons(taken)["second"] == "says what it says, as its photo was not moved back"
    assert (linked / "mine/second").read_bytes() == b"two!"
    assert contents(linked)["mine/relative"] == LINKS["mine/relative"]
    (linked / "in/b/IMG.jpg").unlink()
    assert undo(journal=journal, action=1).left == ()
    assert {name: contents(linked)[name] for name in LINKS} == LINKS


def test_a_link_that_was_changed_or_removed_after_the_move_is_left_by_undo(
    linked: Path, journal: Path
) -> None:
    apply(planned(linked), journal=journal)
    (linked / "mine/relative").unlink()
    (linked / "mine/second").unlink()
    (linked / "mine/second").symlink_to("../in/stays.jpg")
    assert reasons(undo(journal=journal)) == {
        "second": "leads elsewhere by now, to ../in/stays.jpg"
    }
    assert "mine/relative" not in contents(linked)
    assert contents(linked)["mine/second"] == Link("../in/stays.jpg")


def test_links_that_an_earlier_run_has_made_elsewhere_follow_and_stay_ours(
    linked: Path, journal: Path
) -> None:
    found = group(*(linked / name for name in SET))
    apply(make_plan([found], action="symlink", into=linked / "view"), journal=journal)
    viewed = read_tree(linked)
    apply(planned(linked), journal=journal)
    made = {path for path in links_in(linked) if "view" in path.parts}
    assert {path.read_bytes() for path in made} == {b"one", b"two!", b"the best"}
    with Journal(journal) as book:
        ours = book.links_under(linked / "view")
        assert book.links_under(linked / "mine") == {}
    assert {path for path, text in ours.items() if text} == made
    # a new view of the moved photos finds them in place
    moved = (linked / "out/001 best" / name for name in ("2 IMG.jpg", "3 IMG.jpg"))
    found = group(linked / "in/best.jpg", *moved)
    again = make_plan([found], action="symlink", into=linked / "view", ours=ours)
    assert {step.verb for step in again.steps} <= {"mkdir", "rmdir", "unlink", "symlink"}
    undo(journal=journal)
    assert read_tree(linked) == viewed
    with Journal(journal) as book:
        assert book.links_under(linked / "view").keys() == ours.keys()


def test_links_that_the_move_itself_tidies_away_are_not_re_pointed(
    linked: Path, journal: Path
) -> None:
    found = group(*(linked / name for name in SET))
    apply(make_plan([found], action="symlink", into=linked / "out"), journal=journal)
    before = read_tree(linked)
    with Journal(journal) as book:
        ours = book.links_under(linked / "out")
    plan = make_plan([found], action="move", into=linked / "out", ours=ours)
    plan = with_links(plan, links_in(linked), Protected())
    assert len(plan.links) == 4
    apply(plan, journal=journal)
    undo(journal=journal)
    assert read_tree(linked) == before


def test_history_counts_links_apart_from_photos(linked: Path, journal: Path) -> None:
    apply(planned(linked), journal=journal)
    (record,) = history(journal)
    assert (record.photos, record.standing, record.links, record.bytes) == (2, 2, 4, 7)


@pytest.mark.parametrize("steps", range(3, 10))
def test_stopped_between_a_photo_and_its_links_it_is_finished_or_taken_back(
    linked: Path, journal: Path, steps: int
) -> None:
    before, read = read_tree(linked), bytes_behind(linked)
    asked = iter([False] * steps + [True])
    if steps < 9:
        with pytest.raises(Interrupted):
            apply(planned(linked), journal=journal, stop=lambda: next(asked))
        recover(journal=journal)
    else:
        apply(planned(linked), journal=journal, stop=lambda: next(asked))
    assert bytes_behind(linked) == {**read, "1 best.jpg": b"the best"}
    undo(journal=journal)
    assert read_tree(linked) == before


# --- in a saved plan

Change = Callable[[dict[str, Any]], object]


def saved(tree: Path, tmp_path: Path) -> Path:
    save_plan(planned(tree), tmp_path / "plan.json")
    return tmp_path / "plan.json"


def again(file: Path, journal: Path) -> Plan:
    plan = read_plan(file)
    with Journal(journal) as book:
        return rechecked(plan, book.links_under(plan.into))


def test_a_saved_plan_has_the_links_of_each_photo_in_its_line(
    linked: Path, journal: Path, tmp_path: Path
) -> None:
    before, read = read_tree(linked), bytes_behind(linked)
    file = saved(linked, tmp_path)
    assert again(file, journal) == planned(linked)
    lines = file.read_text("utf-8").splitlines()
    (line,) = (line for line in lines if "in/b/IMG.jpg" in line)
    assert '"links": [{"path": ' in line
    receipt = apply(again(file, journal), journal=journal)
    assert (receipt.done, receipt.links) == (2, 4)
    assert bytes_behind(linked) == {**read, "1 best.jpg": b"the best"}
    assert again(file, journal).steps == ()
    undo(journal=journal)
    assert read_tree(linked) == before


def test_a_saved_plan_that_was_stopped_before_the_links_re_points_them_when_applied_again(
    linked: Path, journal: Path, tmp_path: Path
) -> None:
    read = bytes_behind(linked)
    file = saved(linked, tmp_path)
    asked = iter([False] * 6 + [True])
    with pytest.raises(Interrupted):
        apply(again(file, journal), journal=journal, stop=lambda: next(asked))
    rest = again(file, journal)
    assert {step.verb for step in rest.steps} == {"relink"}
    assert (len(rest.steps), rest.standing, rest.refusals) == (3, 2, ())
    assert apply(rest, journal=journal).links == 3
    assert bytes_behind(linked) == {**read, "1 best.jpg": b"the best"}


def test_links_of_a_saved_plan_are_looked_at_again(
    linked: Path, journal: Path, tmp_path: Path
) -> None:
    file = saved(linked, tmp_path)
    for name in ("relative", "second", "absolute", "way in"):
        (linked / "mine" / name).unlink()
    (linked / "mine/relative").symlink_to("../in/stays.jpg")
    (linked / "mine/second").write_bytes(b"his")
    plan = again(file, journal)
    assert reasons(plan) == {
        "relative": "leads elsewhere by now, to ../in/stays.jpg",
        "second": "is no longer a link",
        "absolute": "is gone",
        "by folder": "leads elsewhere by now, to way in/IMG.jpg",
    }
    assert (len(plan.photos), plan.links) == (2, ())


def first_link(document: dict[str, Any]) -> dict[str, Any]:
    step = next(each for each in document["sets"][0]["steps"] if "links" in each)
    link: dict[str, Any] = step["links"][0]
    return link


def in_place_of_its_photo(document: dict[str, Any]) -> None:
    moved = document["sets"][0]["steps"][1]
    target = Path(document["into"]) / moved["folder"] / moved["name"]
    first_link(document).update(path=moved["source"], link=str(target))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda it: first_link(it).update(link="/etc/passwd"), "would not lead to"),
        (lambda it: first_link(it).update(path="mine/x"), "a path that is not absolute"),
        (lambda it: first_link(it).update(path="/a/../b"), "a path that is not absolute"),
        (lambda it: first_link(it).update(more=1), "a field 'more', which no plan has"),
        (lambda it: first_link(it).pop("was"), "no was that can be read"),
        (in_place_of_its_photo, "twice"),
        (
            lambda it: it.update(protected=[{"path": str(Path(first_link(it)["path"]).parent)}]),
            "is in a protected folder",
        ),
        (
            lambda it: it["sets"][0]["steps"][1].update(links=[first_link(it), first_link(it)]),
            "twice",
        ),
        (lambda it: it["sets"][0]["steps"][1].update(links="x"), "no links that is a list"),
    ],
)
def test_a_saved_plan_with_links_that_no_plan_has_is_refused(
    linked: Path, tmp_path: Path, change: Change, reason: str
) -> None:
    file = saved(linked, tmp_path)
    document = json.loads(file.read_text("utf-8"))
    change(document)
    file.write_text(json.dumps(document), "utf-8")
    with pytest.raises(PlanRefused, match=reason):
        read_plan(file)


def test_a_saved_plan_cannot_re_point_a_link_that_leads_elsewhere(
    linked: Path, journal: Path, tmp_path: Path
) -> None:
    file = saved(linked, tmp_path)
    document = json.loads(file.read_text("utf-8"))
    other = linked / "mine/other"
    first_link(document).update(path=str(other), was="../in/stays.jpg")
    file.write_text(json.dumps(document), "utf-8")
    plan = again(file, journal)
    assert reasons(plan) == {"other": "leads elsewhere by now, to ../in/stays.jpg"}
    assert other not in {step.target for step in plan.links}


def test_a_plan_of_copies_has_no_links_to_re_point(linked: Path, tmp_path: Path) -> None:
    save_plan(planned(linked, action="copy"), tmp_path / "plan.json")
    document = json.loads((tmp_path / "plan.json").read_text("utf-8"))
    document["sets"][0]["steps"][0]["links"] = []
    (tmp_path / "plan.json").write_text(json.dumps(document), "utf-8")
    with pytest.raises(PlanRefused, match="a field 'links', which no plan has"):
        read_plan(tmp_path / "plan.json")


# --- the change itself


@pytest.mark.usefixtures("way")
def test_a_link_says_something_else_and_nothing_of_ours_is_left(tree: Path) -> None:
    make_files(tree, {"link": Link("old")})
    relinking.relink(tree / "link", "old", "new", ".dedupe-tmp-t-1")
    assert contents(tree) == {"link": Link("new")}


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("content", [b"a photo", Link("elsewhere")])
def test_what_took_the_place_of_a_link_is_left(tree: Path, content: Content) -> None:
    make_files(tree, {"link": content})
    with pytest.raises(Refused, match=r"no longer a link|leads elsewhere"):
        relinking.relink(tree / "link", "old", "new", ".dedupe-tmp-t-1")
    assert contents(tree) == {"link": content}


@pytest.mark.usefixtures("way")
def test_what_takes_the_place_of_a_link_at_the_last_moment_keeps_it(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_files(tree, {"link": Link("old")})
    native = os.symlink

    def symlink(text: str, name: str, *, dir_fd: int | None = None) -> None:
        native(text, name, dir_fd=dir_fd)
        (tree / "link").unlink()
        (tree / "link").write_bytes(b"a photo")

    monkeypatch.setattr(relinking.os, "symlink", symlink)
    with pytest.raises(Refused, match="is no longer a link"):
        relinking.relink(tree / "link", "old", "new", ".dedupe-tmp-t-1")
    assert contents(tree) == {"link": b"a photo"}


@pytest.mark.skipif(os.utime not in os.supports_follow_symlinks, reason="links have no time")
def test_a_link_keeps_its_time(tree: Path) -> None:
    make_files(tree, {"link": Link("old")})
    os.utime(tree / "link", ns=(0, 1_500_000_000_123_456_789), follow_symlinks=False)
    relinking.relink(tree / "link", "old", "new", ".dedupe-tmp-t-1")
    assert os.lstat(tree / "link").st_mtime_ns == 1_500_000_000_123_456_789


SETTLED: list[tuple[dict[str, Content], dict[str, Content]]] = [
    ({"link": Link("old")}, {"link": Link("old")}),
    ({"link": Link("old"), "T": Link("new")}, {"link": Link("old")}),
    ({"link": Link("new"), "T": Link("old")}, {"link": Link("new")}),
    ({"T-old": Link("old"), "T": Link("new")}, {"link": Link("old")}),
    ({"link": Link("new"), "T-old": Link("old")}, {"link": Link("new")}),
    ({"link": Link("new"), "T": b"his"}, {"link": b"his"}),
    ({"T-old": b"his", "T": Link("new")}, {"link": b"his"}),
    ({"T": Link("new")}, {}),
    ({"link": b"his", "T": Link("new")}, {"link": b"his"}),
]


@pytest.mark.skipif(sys.platform == "win32", reason="has no exchange of two names")
@pytest.mark.parametrize(("found", "left"), SETTLED)
def test_whatever_a_kill_left_the_link_says_one_of_both_and_what_is_anothers_has_its_name(
    tree: Path, found: dict[str, Content], left: dict[str, Content]
) -> None:
    temp = ".dedupe-tmp-t-1"
    make_files(tree, {name.replace("T", temp): content for name, content in found.items()})
    relinking.settle(tree / "link", "old", "new", temp)
    assert contents(tree) == left
    relinking.settle(tree / "none/link", "old", "new", temp)


def test_two_files_of_somebody_else_are_both_left(tree: Path) -> None:
    temp = ".dedupe-tmp-t-1"
    make_files(tree, {"link": b"one", temp: b"two"})
    with pytest.raises(Refused, match=r"taken by another file, so what had it is now called .*t-1"):
        relinking.settle(tree / "link", "old", "new", temp)
    assert contents(tree) == {"link": b"one", temp: b"two"}
