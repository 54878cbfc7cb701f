"""Three generated pictures, the input of tests/golden/lite0.json."""

import numpy as np
import numpy.typing as npt


def pictures() -> npt.NDArray[np.uint8]:
    """(3, 224, 224, 3) uint8: noise, a smooth wash, hard edges.

    Integer arithmetic only, so that they are the same everywhere.
    """
    y, x = np.mgrid[0:224, 0:224].astype(np.uint32)
    noise = [(x * 2654435761 + y * 40503 * (c + 3)) % 65521 % 256 for c in range(3)]
    wash = [x * 255 // 223, y * 255 // 223, (x + y) * 255 // 446]
    edges = [(x // 16 + y // 24 * (c + 1)) % 3 * 127 for c in range(3)]
    return np.stack([np.stack(kind, -1) for kind in (noise, wash, edges)]).astype(np.uint8)
