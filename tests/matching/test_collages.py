"""A collage joins one set, that of the photo of which most others are parts of it, too."""

from pathlib import Path

import numpy as np
from photos_by_number import library

from dedupe.matching.pairs.agreement import Agreement
from dedupe.matching.pairs.evidence import Evidence, packed
from dedupe.matching.pairs.related import Related
from dedupe.matching.pairs.relations import Relation
from dedupe.matching.sets.collages import without_collages

AGREED = Agreement(texture=0.8, share=1.0, colour=1.0, beneath=1.0, tone=0.0, chroma=(0.2, 0.2))
PAPER = 9
Link = tuple[int, int]


def in_paper(tmp_path: Path, filled: dict[int, float], one_picture: list[Link]) -> set[Link]:
    """The links that are left of ten photos, of which the last shows some others in fields."""
    links, collages, count = left(tmp_path, {PAPER: filled}, one_picture)
    assert collages == ({PAPER} if len(links) < count else set())
    return {link for link in links if PAPER in link}


def left(
    tmp_path: Path, filled: dict[int, dict[int, float]], one_picture: list[Link]
) -> tuple[set[Link], set[int], int]:
    """The links that are left of ten photos, of which some show others in fields; these; how many
    links there were.
    """
    photos = library(tmp_path / "index.db", range(10)).photos
    related = {pair: (Relation.SAME_PICTURE, b"") for pair in one_picture}
    for whole, shares_of in filled.items():
        for part, share in shares_of.items():
            straight = photos[part].content < photos[whole].content
            shares = (1.0, share) if straight else (share, 1.0)
            evidence = packed(
                Evidence(
                    inliers=90, homography=np.eye(3), mirrored=False, form="upright",
                    agreement=AGREED, of_first=shares[0], of_second=shares[1], news=(0.0, 0.0),
                    motion=0.0, sizes=((320, 240), (320, 240)), field_in=2 if straight else 1,
                )
            )  # fmt: skip
            related[part, whole] = Relation.SAME_PICTURE, evidence
    return *without_collages(photos, Related.of(related)), len(related)


def test_it_is_linked_to_one_photo_and_its_edits(tmp_path: Path) -> None:
    filled = {0: 0.25, 1: 0.24, 2: 0.25, 3: 0.26}
    left = in_paper(tmp_path, filled, [(0, 1), (0, 2)])
    assert left == {(0, PAPER), (1, PAPER), (2, PAPER)}


def test_a_picture_that_shares_two_photos_with_it_does_not_take_it(tmp_path: Path) -> None:
    filled = {0: 0.25, 1: 0.25, 2: 0.25, 3: 0.5}
    assert in_paper(tmp_path, filled, [(0, 1), (0, 2), (1, 2)]) == {
        (0, PAPER), (1, PAPER), (2, PAPER),
    }  # fmt: skip


def test_of_two_photos_alone_the_larger_one_takes_it(tmp_path: Path) -> None:
    assert in_paper(tmp_path, {0: 0.3, 1: 0.6}, []) == {(1, PAPER)}


def test_what_is_in_a_frame_stays_linked_to_all_edits_of_its_photo(tmp_path: Path) -> None:
    left = in_paper(tmp_path, {0: 0.7, 1: 0.7}, [(0, 1)])
    assert left == {(0, PAPER), (1, PAPER)}


ONE_PHOTO, ANOTHER = {0: 0.25, 1: 0.24}, {2: 0.25, 3: 0.24}


def test_two_collages_that_share_the_other_fields_are_not_one_picture(tmp_path: Path) -> None:
    # 0 and 1 are one photo, 2 and 3 another; 8 and 9 are laid on each other all the same
    links, collages, _ = left(tmp_path, {8: ONE_PHOTO, 9: ANOTHER}, [(0, 1), (2, 3), (8, 9)])
    assert links == {(0, 1), (2, 3), (0, 8), (1, 8), (2, 9), (3, 9)}
    assert collages == {8, 9}


def test_two_screenshots_of_one_photo_stay_one_picture(tmp_path: Path) -> None:
    links, collages, count = left(tmp_path, {8: ONE_PHOTO, 9: ONE_PHOTO}, [(0, 1), (8, 9)])
    assert len(links) == count
    assert not collages


def test_a_copy_of_a_screenshot_of_which_nothing_else_is_known_stays_with_it(
    tmp_path: Path,
) -> None:
    links, collages, count = left(tmp_path, {8: ONE_PHOTO}, [(0, 1), (8, 9)])
    assert len(links) == count
    assert not collages


def test_a_screenshot_that_shows_another_edit_of_the_photo_stays_with_it(tmp_path: Path) -> None:
    seen = {8: ONE_PHOTO, 9: {1: 0.25}}  # 9 was not found to show 0 itself
    links, collages, count = left(tmp_path, seen, [(0, 1), (8, 9)])
    assert len(links) == count
    assert not collages
