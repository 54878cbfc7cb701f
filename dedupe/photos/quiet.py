"""Pillow's settings of the whole process, while photos are read."""

import threading
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from PIL import Image

_LOCK = threading.Lock()
# what the first one inside has made, once for each one inside
_inside: list[AbstractContextManager[None]] = []


@contextmanager
def quiet_pillow() -> Iterator[None]:
    """Pillow without its own size limit (ours is stricter) and without its warnings.

    Both are settings of the whole process, so they hold for one scan or search and are
    put back after it: by the last one inside, where there are several threads.
    """
    with _LOCK:
        if not _inside:
            _inside.append(_made_quiet())
            _inside[0].__enter__()
        else:
            _inside.append(_inside[0])
    try:
        yield
    finally:
        with _LOCK:
            made = _inside.pop()
            if not _inside:
                made.__exit__(None, None, None)


@contextmanager
def _made_quiet() -> Iterator[None]:
    limit = Image.MAX_IMAGE_PIXELS
    with warnings.catch_warnings():
        # broken EXIF is no news to a person with 50,000 photos; the photo itself is read
        warnings.filterwarnings("ignore", module=r"PIL\.|pillow_heif")
        Image.MAX_IMAGE_PIXELS = None
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = limit
