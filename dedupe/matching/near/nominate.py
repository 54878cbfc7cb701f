"""Which pairs the matrix product cannot rule out, block by block, on any device."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from dedupe.encoders.device import full_float32
from dedupe.matching.near.fused import InReach, compiled
from dedupe.matching.near.measure import product_slack
from dedupe.matching.near.pruning import MANY, WORTH, shortened

if TYPE_CHECKING:
    import torch

# Left rows whose products with a block are held at once on a CPU: 4 MB, which are still in the
# cache when they are looked at (2048 rows at once took 58.8 ms a block, 512 took 56.9, 256 59.9).
# Of rows with themselves only what is right of the diagonal is multiplied: 34 ms, not 56.
_STRIP = 512


@dataclass(slots=True)
class Reach:
    """Up to which distance pairs are looked for; may be lowered while they are.

    Attributes:
        value: in seed units.
        rows: (N,) float32, of each row its own, none above `value`: a pair may be left out
            where it is beyond both of its rows'. None: `value` for all.
    """

    value: float
    rows: npt.NDArray[np.float32] | None = None

    def of(
        self,
        part: slice,
        order: npt.NDArray[np.int64] | None,
        where: "torch.device",
    ) -> "_Limit":
        """Of some rows, a little more: what is ruled out must be beyond, whatever its rounding."""
        import torch

        if self.rows is None:
            return self.value * (1 + 2.0**-20)
        own = self.rows[part if order is None else order[part]]
        return torch.from_numpy(own * np.float32(1 + 2.0**-20)).to(where)


_Limit: TypeAlias = "torch.Tensor | float"


class Room:
    """Memory for a block, used again for every block.

    Taken anew each time, 40 MB at a time, it left holes that what was found was put into, and
    the next block did not fit: 60,000 rows took 6 GB.

    Attributes:
        strip: left rows whose products are held at once.
    """

    def __init__(
        self, rows: int, dim: int, device: "torch.device", strip: int | None = None
    ) -> None:
        import torch

        self.strip = min(rows, strip or rows)
        self.left = torch.empty((rows, dim), device=device)
        self.right = torch.empty((rows, dim), device=device)
        self.products = torch.empty(self.strip * rows, device=device)
        self.near = torch.empty(rows * rows, dtype=torch.bool, device=device)
        self.also = torch.empty(0, dtype=torch.bool, device=device)


class Rows:
    """Vectors in an order of their own, without a copy of all of them in that order."""

    def __init__(self, stored: "torch.Tensor", order: "torch.Tensor | None") -> None:
        self.stored = stored
        self.order = order

    def __len__(self) -> int:
        return len(self.stored if self.order is None else self.order)

    def on(self, where: "torch.device", *, whole: bool) -> "Rows":
        """The same on a device; `whole`: as one tensor in its order."""
        stored = self.stored
        if self.order is not None and (whole or where.type != "cpu"):
            return Rows(stored[self.order].to(where), None)
        return Rows(stored.to(where), self.order)

    def fill(self, buffer: "torch.Tensor", part: slice) -> "torch.Tensor":
        """Some rows in float32, in the first rows of a buffer."""
        block = self.stored[part] if self.order is None else self._of(self.order[part])
        return buffer[: len(block)].copy_(block)

    def _of(self, rows: "torch.Tensor") -> "torch.Tensor":
        """Rows that follow each other are not copied first."""
        first = int(rows[0]) if len(rows) else 0
        if len(rows) and bool((rows.diff() == 1).all()):
            return self.stored[first : first + len(rows)]
        # 2,048 took 1 ms with their copy, and by stored[rows] 2.2: half as long as their products
        # with a hundred others
        return self.stored.index_select(0, rows)


def nominated(
    source: Rows,
    reach: Reach,
    order: npt.NDArray[np.int64] | None,
    where: "torch.device",
    rows: int,
    lefts: int,
    inside: bool,
) -> Iterator[tuple[slice, slice, npt.NDArray[np.int64]]]:
    """The pairs that the matrix product cannot rule out, block by block.

    Yields:
        The rows of the left and of the right block, and (2, M) row numbers inside them, in the
        order of the left.
    """
    import torch

    count, dim = len(source), source.stored.shape[1]
    pays = where.type == "cpu" and reach.rows is None and _pays(count, lefts, inside)
    source = source.on(where, whole=pays)
    fused = compiled(where, _compared(count, lefts, inside))
    # on a card every strip would be some calls and a wait more
    room = Room(rows, dim, where, _STRIP if where.type == "cpu" and fused is None else None)
    with torch.inference_mode(), full_float32():
        lengths = _Lengths(count, where)
        short = shortened(source.stored, rows, reach.value) if pays else None
        if short is not None:
            short_squares = short.vectors.square().sum(1)
            short_slack = product_slack(float(short_squares.max()), short.vectors.shape[1])
        for first in range(0, lefts, rows):
            here = slice(first, min(first + rows, lefts))
            left: torch.Tensor | None = None
            for second in range(first if inside else lefts, count, rows):
                there = slice(second, min(second + rows, count))
                limits = [reach.of(part, order, where) for part in (here, there)]
                if short is not None:
                    wider = [limit + short.slack for limit in limits]
                    near = _near(
                        room, short.vectors[here], short.vectors[there],
                        short_squares[here], short_squares[there],
                        *(limit * limit + short_slack for limit in wider),
                        triangle=first == second,
                    )  # fmt: skip
                    # near.sum() took 10 ms, as long as the product of so short vectors
                    if np.count_nonzero(near.numpy()) * MANY <= near.numel():
                        yield here, there, _places(near)
                        continue
                if left is None:
                    left = source.fill(room.left, here)
                right = left if here == there else source.fill(room.right, there)
                squares = [lengths.of(*each) for each in ((here, left), (there, right))]
                slack = product_slack(lengths.largest, dim)
                near = _near(
                    room, left, right, *squares, *(limit * limit + slack for limit in limits),
                    triangle=first == second, fused=fused,
                )  # fmt: skip
                yield here, there, _places(near)


class _Lengths:
    """Squared norms, found as their rows come by: a pass for them alone took as long as 60 rows'
    products with all others.
    """

    def __init__(self, count: int, device: "torch.device") -> None:
        import torch

        self._squares = torch.empty(count, device=device)
        self._known: set[tuple[int, int]] = set()
        self.largest = 0.0
        """Of those that were asked for so far."""

    def of(self, part: slice, rows: "torch.Tensor") -> "torch.Tensor":
        """(B,) of some rows.

        Args:
            part: where they are.
            rows: (B, D) float32.
        """
        import torch

        squares = self._squares[part]
        if (part.start, part.stop) not in self._known:
            # without a block of squares: to make one each time took longer than the product
            squares.copy_(torch.linalg.vector_norm(rows, dim=1).square_())
            self._known.add((part.start, part.stop))
            self.largest = max(self.largest, float(squares.max()))
        return squares


def _compared(count: int, lefts: int, inside: bool) -> int:
    """How many pairs are compared."""
    return lefts * (count - lefts) + (lefts * (lefts - 1) // 2 if inside else 0)


def _pays(count: int, lefts: int, inside: bool) -> bool:
    """Whether finding shorter vectors may take less time than it saves."""
    # to shorten a row takes as long as its products with 1,000 others
    enough = _compared(count, lefts, inside) >= WORTH * (WORTH - 1) // 2
    return enough and lefts >= WORTH // 8


def _near(
    room: Room,
    left: "torch.Tensor",
    right: "torch.Tensor",
    left_squares: "torch.Tensor",
    right_squares: "torch.Tensor",
    left_limit: "_Limit",
    right_limit: "_Limit",
    *,
    triangle: bool,
    fused: InReach | None = None,
) -> "torch.Tensor":
    """(len(left), len(right)) bool: squared distance, as the product has it, within a limit.

    `triangle`: only above the diagonal.
    """
    import torch

    near = room.near[: len(left) * len(right)].view(len(left), len(right))
    for begin in range(0, len(left), room.strip):
        rows = slice(begin, begin + room.strip)
        behind = slice(begin if triangle else 0, None)
        shape = len(left[rows]), len(right[behind])
        products = room.products[: shape[0] * shape[1]].view(shape)
        torch.mm(left[rows], right[behind].T, out=products)
        if fused is not None:  # the only strip
            limits = _each(left_limit, left_squares), _each(right_limit, right_squares)
            near = fused(products, left_squares, right_squares, *limits)
            break
        # |x|^2 + |y|^2 - 2xy <= limit, with the sums moved to where they cost one row each
        products.sub_(left_squares[rows, None] / 2)
        bound = (right_squares - right_limit) / 2
        torch.ge(products, bound[behind], out=near[rows, behind])
        if isinstance(left_limit, torch.Tensor):
            products.add_(left_limit[rows, None] / 2)
            if len(room.also) < len(room.products):
                room.also = torch.empty_like(room.products, dtype=torch.bool)
            also = room.also[: shape[0] * shape[1]].view(shape)
            torch.ge(products, right_squares[behind] / 2, out=also)
            near[rows, behind].logical_or_(also)
    return near.triu_(diagonal=1) if triangle else near


def _places(near: "torch.Tensor") -> npt.NDArray[np.int64]:
    """(2, M) rows and columns of what is true in a block, row by row."""
    if near.device.type == "cpu":
        flat = np.flatnonzero(near.numpy())  # 1.4 ms where torch's nonzero took 2.1
    else:
        flat = near.flatten().nonzero()[:, 0].cpu().numpy()
    places = np.empty((2, len(flat)), np.int64)
    np.divmod(flat, near.shape[1], out=(places[0], places[1]))
    return places


def _each(limit: "_Limit", rows: "torch.Tensor") -> "torch.Tensor":
    """One limit for each row."""
    return limit if not isinstance(limit, float) else rows.new_full((len(rows),), limit)
