"""dedupe encoders: which networks there are, and whether their weights are here."""

import sys


def encoders() -> None:
    """List the encoders: size, dimension, licence, and whether their weights are here."""
    from rich import box
    from rich.table import Table

    from dedupe.encoders.registry import DEFAULT_ENCODER, ENCODERS
    from dedupe.encoders.weights import find_weights
    from dedupe.reports.screen import Screen

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("Encoder", no_wrap=True)
    table.add_column("Dim", justify="right", no_wrap=True)
    table.add_column("Input", justify="right", no_wrap=True)
    table.add_column("MB", justify="right", no_wrap=True)
    table.add_column("Licence", overflow="fold")
    table.add_column("Weights", overflow="fold")
    for name, encoder in ENCODERS.items():
        here = find_weights(encoder) is not None
        table.add_row(
            f"{name} (default)" if name == DEFAULT_ENCODER else name,
            f"{encoder.dim}",
            f"{encoder.crop}",
            f"{encoder.weights.megabytes:.0f}",
            encoder.weights.licence,
            "here" if here else "not here",
        )
    screen = Screen(sys.stdout)
    screen.print(table)
    screen.tell("Weights that are not here are downloaded when an encoder is first used.")
