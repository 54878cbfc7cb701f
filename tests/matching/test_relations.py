"""What evidence proves, and what it does not."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from dedupe.errors import UnknownName
from dedupe.matching.pairs.agreed import is_agreed, shows_too_little
from dedupe.matching.pairs.agreement import Agreement
from dedupe.matching.pairs.edits import named_edit
from dedupe.matching.pairs.evidence import FORMS, Evidence, each_unpacked, packed
from dedupe.matching.pairs.relations import (
    Relation,
    find_relation,
    hangs_on_motion,
    is_exact,
    is_in_a_field,
    is_related,
    relation_of,
    second_shot,
    shown_seconds,
)
from dedupe.photos.photo import Photo, PhotoFile

NOON = datetime(2019, 7, 14, 12, 0, 0)
AGREED = Agreement(texture=0.8, share=0.99, colour=0.99, beneath=0.99, tone=0.01, chroma=(0.2, 0.2))
EDIT = Evidence(
    inliers=120,
    homography=np.eye(3),
    mirrored=False,
    form="upright",
    agreement=AGREED,
    of_first=1.0,
    of_second=0.8,
    news=(0.0, 0.0),
    motion=0.05,
    sizes=((320, 240), (320, 240)),
)


def photo(content: int, **known: object) -> Photo:
    file = PhotoFile(path=Path(f"/{content}"), size=1, mtime_ns=1, device=1, inode=content)
    facts: dict[str, object] = {"width": 1280, "height": 960, "format": "JPEG"}
    return Photo(file=file, content=content.to_bytes(32, "big"), **{**facts, **known})  # type: ignore[arg-type]


def taken(content: int, seconds: float, **known: object) -> Photo:
    when = NOON + timedelta(seconds=seconds)
    return photo(content, taken=when, taken_from="original", **known)


def some_evidence(count: int) -> list[Evidence]:
    """Of all kinds, most of it near what anything is decided by."""
    random = np.random.default_rng(7)

    def one_of(*values: float) -> float:
        return float(random.choice(values)) if random.random() < 0.8 else float(random.random())

    return [
        replace(
            EDIT,
            inliers=int(random.choice([0, 11, 12, 30, 41, 101])),
            form=str(random.choice(FORMS)),
            agreement=Agreement(
                texture=one_of(0.04, 0.1, 0.21, 0.7),
                share=one_of(0.31, 0.5, 0.7, 0.86, 0.93, 0.96, 0.99),
                colour=one_of(0.6, 0.76, 0.85, 0.96, 0.99),
                beneath=one_of(0, 0.86, 0.93, 0.96, 0.99),
                tone=one_of(0.01, 0.04, 0.1),
                chroma=(one_of(0.01, 0.2), one_of(0.01, 0.2)),
                recoloured=one_of(0, 0, 0, 0.1),
            ),
            of_first=one_of(0.15, 0.25, 0.7, 0.95, 1),
            of_second=one_of(0.15, 0.25, 0.7, 0.95, 1),
            news=(one_of(0, 0.01, 0.2), one_of(0, 0.01, 0.2)),
            motion=one_of(0, 0.03, 0.05, 0.13, 0.25, 0.4, 0.9),
        )
        for _ in range(count)
    ]


def relations(evidence: Evidence) -> list[Relation | None]:
    """What it proves of photos without clocks, of one moment, of two, and of two cameras."""
    others = [photo(2), taken(2, 1), taken(2, 900), photo(2, camera="B")]
    return [relation_of(replace(taken(1, 0), camera="A"), each, evidence) for each in others]


def test_what_cannot_be_related_is_not_whatever_else_is_found() -> None:
    """`examine` stops there: it asks with the best that may still be found."""
    refused = 0
    for evidence in some_evidence(3000):
        agreed = evidence.agreement
        best = replace(agreed, colour=1.0, beneath=1.0, tone=0.0, chroma=(1.0, 1.0))
        hopeful = replace(evidence, agreement=best, news=(0.0, 0.0), motion=0.0)
        assert is_related(evidence) == any(relations(evidence))
        if not is_related(hopeful):
            refused += 1
            assert not any(relations(evidence))
    assert 300 < refused < 2700


def test_where_nothing_hangs_on_motion_every_motion_gives_the_same_relation() -> None:
    without = 0
    for evidence in some_evidence(3000):
        if not hangs_on_motion(evidence):
            without += 1
            still = relations(replace(evidence, motion=0.0))
            for motion in (0.03, 0.045, 0.05, 0.13, 0.25, 0.4, 0.9, 9.0):
                assert relations(replace(evidence, motion=motion)) == still
    assert 100 < without < 2900


def test_what_does_not_agree_without_motion_hangs_on_neither_motion_nor_news() -> None:
    for evidence in some_evidence(3000):
        still = replace(evidence, motion=0.0, news=(0.0, 0.0))
        if not is_agreed(still):
            assert relations(still) == relations(evidence)


def test_names_of_relations_are_found_and_others_refused() -> None:
    assert [find_relation(each.words.replace(" ", "-")) for each in Relation] == list(Relation)
    with pytest.raises(UnknownName, match="same-thing"):
        find_relation("same-thing")


def test_the_same_bytes_are_the_same_file_whatever_they_show() -> None:
    assert relation_of(photo(1), photo(1), None) is Relation.SAME_FILE


def test_the_same_pixels_need_every_pixel_to_have_been_compared() -> None:
    one, other = (photo(n, pixel_hash=b"\7" * 32) for n in (1, 2))
    assert relation_of(one, other, None) is Relation.SAME_PIXELS
    assert relation_of(replace(one, reduced=2), replace(other, reduced=2), None) is None
    assert relation_of(photo(1), photo(2), None) is None  # no hash is not the same hash
    assert relation_of(replace(one, frames=9), other, None) is None  # eight were not decoded
    assert relation_of(replace(one, frames=9), replace(other, frames=9), None) is None


def test_without_evidence_near_photos_are_look_alikes_and_others_nothing() -> None:
    assert relation_of(photo(1), photo(2), None, near=True) is Relation.LOOK_ALIKE
    assert relation_of(photo(1), photo(2), None) is None


def test_an_edit_is_the_same_picture_with_or_without_its_capture_time() -> None:
    assert relation_of(photo(1), photo(2), EDIT) is Relation.SAME_PICTURE
    assert relation_of(taken(1, 0), photo(2), EDIT) is Relation.SAME_PICTURE
    assert relation_of(taken(1, 0), taken(2, 0), EDIT) is Relation.SAME_PICTURE


@pytest.mark.parametrize(
    ("seconds", "relation"),
    [(0.25, Relation.SAME_MOMENT), (9, Relation.SAME_MOMENT), (600, Relation.SAME_SCENE)],
)
def test_another_capture_time_makes_two_shots(seconds: float, relation: Relation) -> None:
    assert relation_of(taken(1, 0), taken(2, seconds), EDIT) is relation


def test_a_time_that_is_not_the_cameras_own_proves_nothing() -> None:
    late = replace(taken(2, 600), taken_from="digitised")
    assert relation_of(taken(1, 0), late, EDIT) is Relation.SAME_PICTURE


def test_to_the_pixel_the_same_picture_is_one_whatever_its_clock_says() -> None:
    exact = replace(EDIT, form="whole", of_second=1.0, motion=0.02)
    assert is_exact(exact)
    assert relation_of(taken(1, 0), taken(2, 1e7), exact) is Relation.SAME_PICTURE


def test_two_cameras_make_two_shots() -> None:
    one, other = photo(1, camera="Canon EOS R6"), photo(2, camera="Pixel 8")
    assert relation_of(one, other, EDIT) is not Relation.SAME_PICTURE


def test_two_frames_that_each_show_something_else_are_two_shots() -> None:
    moved = replace(EDIT, of_first=0.97, of_second=0.97, news=(0.02, 0.02))
    assert second_shot(photo(1), photo(2), moved) == "each shows something that the other does not"
    assert relation_of(photo(1), photo(2), moved) is Relation.SAME_MOMENT


def test_two_crops_of_one_picture_are_one_picture() -> None:
    crops = replace(EDIT, of_first=0.9, of_second=0.6, news=(0.1, 0.3))
    assert relation_of(photo(1), photo(2), crops) is Relation.SAME_PICTURE


def test_black_corners_of_a_turned_picture_show_nothing_new() -> None:
    turned = replace(EDIT, form="free", of_first=0.83, of_second=0.83, news=(0.17, 0.0))
    assert relation_of(photo(1), photo(2), turned) is Relation.SAME_PICTURE


def test_what_moved_makes_two_shots() -> None:
    assert relation_of(photo(1), photo(2), replace(EDIT, motion=0.6)) is not Relation.SAME_PICTURE


@pytest.mark.parametrize(
    ("form", "inliers", "tone", "shown", "motion"),
    [
        ("upright", 20, 0.01, 0.1, 0.09),  # a mountain, once as a tenth
        ("upright", 19, 0.084, 0.158, 0.048),  # hills at dusk, in another light
        ("free", 46, 0.07, 0.197, 0.145),  # a palace by two lenses
    ],
)
def test_what_is_far_off_may_hardly_seem_to_move_where_few_points_show_it(
    form: str, inliers: int, tone: float, shown: float, motion: float
) -> None:
    toned = replace(AGREED, tone=tone)
    far = replace(EDIT, form=form, inliers=inliers, agreement=toned, of_second=shown, motion=motion)
    cut = replace(far, motion=0.04)
    assert relation_of(photo(1), photo(2), far) is not Relation.SAME_PICTURE
    assert relation_of(photo(1), photo(2), cut) is Relation.SAME_PICTURE
    assert relation_of(photo(1), photo(2), replace(far, inliers=90)) is Relation.SAME_PICTURE
    assert hangs_on_motion(far)


@pytest.mark.parametrize(
    ("form", "inliers", "tone", "shown", "motion"),
    [
        ("upright", 47, 0.023, 0.311, 0.264),  # a feeder, the bird on it moved
        ("upright", 42, 0.078, 0.278, 0.082),  # a wood in another light
        ("tilted", 51, 0.068, 0.223, 0.138),  # a boat, the camera held askew
    ],
)
def test_what_is_shown_closer_in_a_second_shot_is_not_cut_from_the_first(
    form: str, inliers: int, tone: float, shown: float, motion: float
) -> None:
    toned = replace(AGREED, tone=tone)
    near = replace(
        EDIT, form=form, inliers=inliers, agreement=toned, of_second=shown, motion=motion
    )
    assert relation_of(photo(1), photo(2), near) is not Relation.SAME_PICTURE
    for edit in (
        replace(near, motion=0.05),
        replace(near, inliers=90),
        replace(near, field_in=2),
        replace(near, of_second=0.5),
    ):
        assert relation_of(photo(1), photo(2), edit) is Relation.SAME_PICTURE
    assert hangs_on_motion(near)


def test_two_frames_of_a_burst_are_not_one_picture_pressed_to_another_shape() -> None:
    frames = replace(EDIT, form="free", of_first=0.98, of_second=0.981, motion=0.084)
    assert relation_of(photo(1), photo(2), frames) is not Relation.SAME_PICTURE
    for edit in (
        replace(frames, motion=0.045),
        replace(frames, of_first=0.96),  # the corners of a picture of a print are gone
        replace(frames, sizes=((320, 240), (240, 240))),
    ):
        assert relation_of(photo(1), photo(2), edit) is Relation.SAME_PICTURE
    assert hangs_on_motion(frames)


@pytest.mark.parametrize(
    "agreement",
    [
        replace(AGREED, share=0.8, beneath=0.8),
        replace(AGREED, colour=0.5),
        replace(AGREED, texture=0.01),
        replace(AGREED, recoloured=0.1),
    ],
)
def test_what_does_not_agree_is_at_most_the_same_scene(agreement: Agreement) -> None:
    evidence = replace(EDIT, agreement=agreement)
    assert relation_of(photo(1), photo(2), evidence) in (
        Relation.SAME_SCENE,
        Relation.SAME_MOMENT,
    )


def test_few_points_prove_a_picture_only_where_all_of_it_agrees() -> None:
    few = replace(EDIT, inliers=9)
    assert relation_of(photo(1), photo(2), few) is Relation.SAME_PICTURE
    weak = replace(few, agreement=replace(AGREED, share=0.94))
    assert relation_of(photo(1), photo(2), weak) is None


def test_a_toned_picture_of_few_points_must_agree_throughout() -> None:
    whole = replace(AGREED, share=1.0, texture=0.6, tone=0.2)
    sea = replace(EDIT, inliers=0, form="whole", agreement=whole, motion=0.8)
    assert relation_of(photo(1), photo(2), sea) is Relation.SAME_PICTURE
    for other in (
        replace(sea, form="upright"),
        replace(sea, agreement=replace(whole, texture=0.45)),
        replace(sea, agreement=replace(whole, share=0.98)),
        replace(sea, agreement=replace(whole, colour=0.97)),
    ):
        assert relation_of(photo(1), photo(2), other) is None


def test_a_toned_picture_of_little_texture_must_be_shown_by_many_points() -> None:
    bird = replace(AGREED, texture=0.19, share=1.0, tone=0.06)
    leaves = replace(EDIT, form="whole", agreement=bird, of_second=1.0)
    assert relation_of(photo(1), photo(2), leaves) is Relation.SAME_PICTURE
    for other in (
        replace(leaves, inliers=65),  # two screens of one app
        replace(leaves, agreement=replace(bird, share=0.98)),
        replace(leaves, agreement=replace(bird, colour=0.96)),
    ):
        assert relation_of(photo(1), photo(2), other) is not Relation.SAME_PICTURE
    untoned = replace(leaves, inliers=65, agreement=replace(bird, tone=0.01))
    assert relation_of(photo(1), photo(2), untoned) is Relation.SAME_PICTURE


def test_too_little_is_seen_only_where_little_has_texture_and_all_of_it_agrees() -> None:
    toned = replace(AGREED, texture=0.19, share=1.0, tone=0.06)
    few = replace(EDIT, inliers=65, agreement=toned)
    assert shows_too_little(few)
    assert shows_too_little(replace(few, agreement=replace(toned, texture=0.04, tone=0.0)))
    for other in (
        replace(few, inliers=90, form="whole"),
        replace(few, agreement=replace(toned, share=0.8)),
        replace(few, agreement=replace(toned, tone=0.01)),
        replace(few, inliers=9, agreement=replace(toned, texture=0.6)),  # points are what is few
    ):
        assert not shows_too_little(other)


def test_a_drawing_made_of_a_photo_is_the_same_picture_though_its_lines_seem_to_move() -> None:
    lines = Agreement(texture=0.7, share=0.7, colour=0.9, beneath=0, tone=0.36, chroma=(0.1, 0.0))
    drawing = replace(EDIT, inliers=50, form="whole", agreement=lines, of_second=1.0, motion=0.45)
    assert relation_of(photo(1), photo(2), drawing) is Relation.SAME_PICTURE
    assert named_edit(photo(1), photo(2), drawing) == "drawn"
    for other in (
        replace(drawing, inliers=30),
        replace(drawing, form="upright"),
        replace(drawing, agreement=replace(lines, tone=0.2)),
        replace(drawing, agreement=replace(lines, chroma=(0.1, 0.1))),
        replace(drawing, agreement=replace(lines, chroma=(0.0, 0.0))),  # two pages
        replace(drawing, agreement=replace(lines, share=0.55)),
    ):
        assert relation_of(photo(1), photo(2), other) is not Relation.SAME_PICTURE


def test_a_board_before_a_wall_that_is_seen_from_two_sides_is_two_shots() -> None:
    wall = replace(AGREED, texture=0.28, share=1.0, colour=1.0, chroma=(0.016, 0.017))
    board = replace(EDIT, inliers=45, form="free", agreement=wall, of_second=0.5, motion=0.04)
    why = second_shot(photo(1), photo(2), board)
    assert why == "a flat thing before a plain wall, seen from two sides"
    for copy in (
        replace(board, form="upright"),
        replace(board, inliers=70),
        replace(board, agreement=replace(wall, texture=0.5)),
        replace(board, agreement=replace(wall, chroma=(0.016, 0.05))),
        replace(board, field_in=1),
    ):
        assert relation_of(photo(1), photo(2), copy) is Relation.SAME_PICTURE


def test_another_print_on_the_same_shirt_is_not_the_same_picture() -> None:
    grey = Agreement(texture=0.36, share=0.86, colour=0.98, beneath=0, tone=0.09, chroma=(0.04, 0))
    shirt = replace(EDIT, form="whole", agreement=grey, of_second=1.0, motion=0.25)
    assert relation_of(photo(1), photo(2), shirt) is not Relation.SAME_PICTURE
    assert hangs_on_motion(shirt)
    for copy in (
        replace(shirt, motion=0.15),
        replace(shirt, agreement=replace(grey, texture=0.6)),
        replace(shirt, agreement=replace(grey, share=0.92)),
        replace(shirt, agreement=replace(grey, tone=0.02)),
        replace(shirt, agreement=replace(grey, beneath=0.99)),
    ):
        assert relation_of(photo(1), photo(2), copy) is Relation.SAME_PICTURE


def test_a_watermark_may_cover_much_of_a_picture_but_not_of_one_in_perspective() -> None:
    covered = replace(EDIT, agreement=replace(AGREED, share=0.5, colour=0.85, beneath=0.95))
    assert relation_of(photo(1), photo(2), covered) is Relation.SAME_PICTURE
    tilted = replace(covered, form="free")
    assert relation_of(photo(1), photo(2), tilted) is not Relation.SAME_PICTURE


def test_few_points_are_enough_beneath_a_watermark_of_a_whole_picture() -> None:
    covered = replace(AGREED, share=0.5, colour=0.85, beneath=0.97)
    few = replace(EDIT, inliers=9, form="whole", agreement=covered)
    assert relation_of(photo(1), photo(2), few) is Relation.SAME_PICTURE
    for less in (replace(few, form="upright"), replace(few, agreement=replace(covered, share=0.3))):
        assert relation_of(photo(1), photo(2), less) is None


def test_what_lies_over_a_picture_is_no_motion_of_it() -> None:
    # beneath is 0 where anything but what lies over it moved
    covered = replace(AGREED, share=0.6, beneath=0.95)
    over = replace(EDIT, motion=0.6, agreement=covered)
    assert relation_of(photo(1), photo(2), over) is Relation.SAME_PICTURE
    moved = replace(over, agreement=replace(covered, beneath=0.0))
    assert relation_of(photo(1), photo(2), moved) is not Relation.SAME_PICTURE


def test_a_filter_that_evens_the_light_part_by_part_leaves_one_picture() -> None:
    evened = replace(EDIT, agreement=replace(AGREED, share=0.95, colour=0.6))
    assert relation_of(photo(1), photo(2), evened) is Relation.SAME_PICTURE
    for less in (
        replace(evened, inliers=80),
        replace(evened, form="free"),
        replace(evened, agreement=replace(evened.agreement, share=0.87)),
    ):
        assert relation_of(photo(1), photo(2), less) is not Relation.SAME_PICTURE


def test_a_shadow_over_much_of_a_picture_leaves_one_picture() -> None:
    shaded = replace(AGREED, share=0.75, colour=0.65, beneath=0.95)
    shadow = replace(EDIT, form="whole", agreement=shaded)
    assert relation_of(photo(1), photo(2), shadow) is Relation.SAME_PICTURE
    for less in (
        replace(shadow, inliers=60),
        replace(shadow, agreement=replace(shaded, beneath=0.89)),
        replace(shadow, agreement=replace(shaded, colour=0.58)),
        replace(shadow, agreement=replace(shaded, texture=0.1)),
    ):
        assert relation_of(photo(1), photo(2), less) is not Relation.SAME_PICTURE


def test_what_lies_in_a_field_is_judged_by_that_field_alone() -> None:
    cut = replace(EDIT, of_first=0.67, of_second=0.25, news=(0.3, 0.7), motion=0.02)
    assert "share a part" in (second_shot(photo(1), photo(2), cut) or "")
    in_a_field = replace(cut, field_in=2)
    assert relation_of(photo(1), photo(2), in_a_field) is Relation.SAME_PICTURE
    assert relation_of(taken(1, 0), taken(2, 90), in_a_field) is not Relation.SAME_PICTURE


def test_two_slides_of_one_template_are_not_one_with_something_laid_over_it() -> None:
    covered = replace(AGREED, texture=0.4, share=0.7, beneath=1.0)
    over = replace(EDIT, form="whole", agreement=covered, motion=0.7)
    assert relation_of(photo(1), photo(2), over) is Relation.SAME_PICTURE
    assert relation_of(photo(1), photo(2), replace(over, motion=1.5)) is Relation.SAME_SCENE


def test_letters_over_a_photo_may_be_anywhere() -> None:
    covered = replace(AGREED, texture=0.8, share=0.7, beneath=1.0)
    over = replace(EDIT, form="whole", agreement=covered, motion=2.5)
    assert relation_of(photo(1), photo(2), over) is Relation.SAME_PICTURE
    for less in (replace(covered, chroma=(0.2, 0.01)), replace(covered, beneath=0.96)):
        scene = replace(over, agreement=less)
        assert relation_of(photo(1), photo(2), scene) is Relation.SAME_SCENE


def test_a_darkened_photo_beneath_a_quotation_needs_no_points() -> None:
    covered = replace(AGREED, texture=0.8, share=0.5, beneath=1.0, colour=0.88, tone=0.3)
    quoted = replace(EDIT, form="whole", inliers=9, agreement=covered, motion=0.9)
    assert relation_of(photo(1), photo(2), quoted) is Relation.SAME_PICTURE
    for less in (replace(covered, texture=0.5), replace(covered, colour=0.82)):
        assert relation_of(photo(1), photo(2), replace(quoted, agreement=less)) is None


def test_what_lies_over_a_tilted_picture_does_not_make_it_another() -> None:
    covered = replace(AGREED, share=0.8, beneath=1.0)
    tilted = replace(EDIT, form="tilted", agreement=covered, motion=0.4)
    assert relation_of(photo(1), photo(2), tilted) is Relation.SAME_PICTURE
    assert relation_of(photo(1), photo(2), replace(tilted, form="free")) is Relation.SAME_SCENE
    # where next to nothing lies over it, things moved
    bare = replace(tilted, agreement=replace(covered, share=0.98))
    assert relation_of(photo(1), photo(2), bare) is not Relation.SAME_PICTURE
    # and a hand tilts a camera as well as a picture
    shown = replace(tilted, of_first=0.95, of_second=0.95, news=(0.03, 0.03))
    assert relation_of(photo(1), photo(2), shown) is not Relation.SAME_PICTURE


def test_a_far_mountain_in_two_shots_is_not_cut_from_one_of_them() -> None:
    far = replace(EDIT, inliers=20, of_second=0.12, motion=0.09)
    assert relation_of(photo(1), photo(2), far) is Relation.SAME_SCENE
    for more in (replace(far, inliers=60), replace(far, of_second=0.4), replace(far, motion=0.03)):
        assert relation_of(photo(1), photo(2), more) is Relation.SAME_PICTURE


def test_a_crop_in_a_plain_frame_is_as_good_as_the_crop() -> None:
    part = replace(EDIT, field_in=2, of_first=0.25, motion=0.1)
    assert not is_in_a_field(part)
    assert is_in_a_field(part, framed=True)


def test_two_photos_in_one_chat_are_not_one_with_something_laid_over_it() -> None:
    covered = replace(AGREED, texture=0.4, share=0.7, beneath=1.0)
    chat = replace(EDIT, form="whole", inliers=25, agreement=covered, motion=0.5)
    assert relation_of(photo(1), photo(2), chat) is Relation.SAME_SCENE
    for more in (
        replace(chat, inliers=60),
        replace(chat, motion=0.2),
        replace(chat, agreement=replace(covered, texture=0.8)),
    ):
        assert relation_of(photo(1), photo(2), more) is Relation.SAME_PICTURE


def test_other_words_on_one_form_are_another_picture() -> None:
    printed = replace(AGREED, share=0.9, colour=0.97, beneath=1.0, chroma=(0.0, 0.01))
    receipts = replace(EDIT, form="whole", agreement=printed, motion=0.2)
    assert relation_of(photo(1), photo(2), receipts) is not Relation.SAME_PICTURE
    for more in (
        replace(receipts, motion=0.1),
        replace(receipts, agreement=replace(printed, share=0.95)),
        replace(receipts, agreement=replace(printed, chroma=(0.1, 0.1))),
    ):
        assert relation_of(photo(1), photo(2), more) is Relation.SAME_PICTURE


def test_a_picture_cut_out_of_a_screenshot_is_no_second_shot() -> None:
    cut = replace(EDIT, of_first=0.9, of_second=0.9, news=(0.1, 0.0), motion=0.02)
    assert relation_of(photo(1), photo(2), cut) is Relation.SAME_PICTURE
    for less in (
        replace(cut, motion=0.045),
        replace(cut, news=(0.1, 0.02)),
        replace(cut, agreement=replace(AGREED, share=0.97)),
    ):
        assert second_shot(photo(1), photo(2), less) is not None


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "0.4 s"), (90, "90 s"), (600, "10 min"), (9000, "2 h"), (400000, "5 days")],
)
def test_times_are_told_in_a_unit_that_people_use(seconds: float, words: str) -> None:
    assert shown_seconds(seconds) == words


def test_evidence_is_the_same_after_it_was_stored() -> None:
    assert packed(None) == b""
    assert each_unpacked([b""]) == [None]
    homography = np.array([[0.1, 0.2, 3], [1e-17, 5.5, -6], [1e-5, 0, 1]])
    before = replace(EDIT, homography=homography, mirrored=True, motion=1 / 3)
    nothing, after = each_unpacked([b"", packed(before)])
    assert nothing is None
    assert after is not None
    assert (after.homography == homography).all()
    assert replace(after, homography=homography) == before


def matrix(scale: float, across: float = 0, down: float = 0) -> np.ndarray:
    return np.array([[scale, 0, across], [0, scale, down], [0, 0, 1.0]])


def test_edits_are_named_by_what_was_done_to_the_photo_that_is_kept() -> None:
    kept, other = photo(1), photo(2, width=640, height=480)
    half = replace(EDIT, form="whole", of_second=1.0)
    assert named_edit(kept, other, half) == "resized to 50 %"
    assert named_edit(other, kept, half) == "enlarged to 200 %"
    cut = replace(EDIT, homography=matrix(1.25, -30, -20), of_first=0.64, of_second=1.0)
    smaller = photo(2, width=1024, height=768)
    assert named_edit(kept, smaller, cut) == "cropped to 64 %"
    assert named_edit(smaller, kept, cut) == "framed, 64 % of it"
    assert named_edit(kept, photo(2), half) == "re-saved"
    assert named_edit(kept, photo(2, format="PNG"), half) == "saved as PNG"
    grey = replace(half, agreement=replace(AGREED, chroma=(0.2, 0.0)))
    assert named_edit(kept, photo(2), grey) == "grey"
    assert named_edit(photo(2), kept, grey) == "coloured"
    turned = replace(half, homography=np.array([[0, -1, 239], [1, 0, 0], [0, 0, 1.0]]))
    turned = replace(turned, sizes=((320, 240), (240, 320)))
    assert named_edit(kept, photo(2, width=960, height=1280), turned) == "turned 90°"
    assert named_edit(kept, photo(2), replace(half, mirrored=True)) == "mirrored"
