"""Pillow is quiet while anybody reads photos, and as it was when the last one is done."""

import threading
import warnings

from PIL import Image

from dedupe.photos.quiet import quiet_pillow


def test_pillow_is_as_it_was_after_the_last_of_several_threads() -> None:
    before, filters = Image.MAX_IMAGE_PIXELS, list(warnings.filters)
    inside, leave = threading.Event(), threading.Event()

    def other() -> None:
        with quiet_pillow():
            inside.set()
            leave.wait()

    thread = threading.Thread(target=other)
    with quiet_pillow():
        assert Image.MAX_IMAGE_PIXELS is None
        thread.start()
        inside.wait()
    assert Image.MAX_IMAGE_PIXELS is None
    leave.set()
    thread.join()
    assert before == Image.MAX_IMAGE_PIXELS
    assert warnings.filters == filters


def test_an_error_inside_leaves_pillow_as_it_was() -> None:
    before = Image.MAX_IMAGE_PIXELS
    try:
        with quiet_pillow():
            raise OSError
    except OSError:
        assert before == Image.MAX_IMAGE_PIXELS
