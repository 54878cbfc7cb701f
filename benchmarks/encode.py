"""What encoding in plain torch costs beside ONNX Runtime, on the same networks and one thread.

    python benchmarks/encode.py [--repeats 40] [--weights mobilenet_v2=FILE ...]

Networks whose weights are not on this machine get random ones; the time is the same. Both take
batches of 16. All figures are CPU time of one thread, the parts interleaved within one run.
The ratio is the median of the ratios of neighbours: it stands still where times do not.
"""

import argparse
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt
import onnxruntime
import torch
from torch import nn

from dedupe.encoders.allocator import keep_freed_memory
from dedupe.encoders.encode import BATCH, LoadedEncoder, load_encoder
from dedupe.encoders.encoder import Encoder
from dedupe.encoders.fold import fold_batch_norms
from dedupe.encoders.registry import DEFAULT_ENCODER, find_encoder
from dedupe.encoders.scale import calibration_pixels
from dedupe.encoders.weights import find_weights, load_weights

NETWORKS = (DEFAULT_ENCODER, "mobilenet_v2")
FLOOR = "ONNX Runtime, features of ready images"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--repeats", type=int, default=40)
    parser.add_argument("--weights", action="append", default=[], metavar="ENCODER=FILE")
    options = parser.parse_args()
    own = {name: Path(file) for name, _, file in (each.partition("=") for each in options.weights)}
    torch.set_num_threads(1)
    print(f"malloc keeps freed memory: {keep_freed_memory()}")
    print(f"torch {torch.__version__}, ONNX Runtime {onnxruntime.__version__}, 1 thread,")
    print(f"batches of {BATCH}, {options.repeats} repeats\n")
    with TemporaryDirectory() as folder:
        for name in NETWORKS:
            compare(find_encoder(name), own.get(name), Path(folder), options.repeats)


def compare(encoder: Encoder, weights: Path | None, folder: Path, repeats: int) -> None:
    """Print the table of one network."""
    if find_weights(encoder, weights) is None:
        weights = folder / f"{encoder.name}.pth"
        torch.manual_seed(0)
        torch.save(encoder.build().state_dict(), weights)
    loaded = load_encoder(encoder.name, weights=weights, device="cpu", download=False)
    pixels = np.resize(calibration_pixels(encoder), (BATCH, encoder.crop, encoder.crop, 3))
    mean, std = (torch.tensor(values) for values in (encoder.mean, encoder.std))
    rows = (torch.from_numpy(pixels).float() / 255 - mean) / std
    images = rows.permute(0, 3, 1, 2)  # channels_last, as torch likes it
    plain = images.contiguous().numpy()  # and as ONNX Runtime does
    session = exported(encoder, weights, images.contiguous(), folder)
    parts: dict[str, Callable[[], npt.NDArray[np.float32]]] = {
        FLOOR: lambda: session.run(None, {"images": plain})[0],
        "torch, features of ready images": lambda: loaded.network(images).numpy(),
        "torch, `encode`: vectors of pixels": lambda: loaded.encode(pixels),
    }
    check(parts, loaded)
    times: dict[str, list[float]] = {part: [] for part in parts}
    with torch.inference_mode():
        for _ in range(repeats):
            for part, run in parts.items():
                start = time.process_time()
                run()
                times[part].append((time.process_time() - start) / BATCH * 1000)
    print(f"\n| {encoder.name} | CPU ms a photo, median (least) | x ONNX Runtime |")
    print("|---|---|---|")
    for part, each in times.items():
        ratio = statistics.median(a / b for a, b in zip(each, times[FLOOR], strict=True))
        print(f"| {part} | {statistics.median(each):.1f} ({min(each):.1f}) | {ratio:.2f} |")


def check(parts: dict[str, Callable[[], npt.NDArray[np.float32]]], loaded: LoadedEncoder) -> None:
    """End the run unless both give the same features."""
    with torch.inference_mode():
        theirs, ours = (run() for run in list(parts.values())[:2])
    difference = float(np.abs(ours - theirs).max() / np.abs(theirs).max())
    print(f"{loaded.encoder.name}: features differ by {difference:.1e} of the largest")
    if not difference < 1e-4:
        sys.exit("ONNX Runtime and torch do not compute the same")


def exported(
    encoder: Encoder, weights: Path | None, images: torch.Tensor, folder: Path
) -> onnxruntime.InferenceSession:
    """ONNX Runtime with the network as it was published, batch norms folded."""
    network: nn.Module = encoder.build()
    network.load_state_dict(load_weights(encoder, weights, download=False)[0])
    network.eval().requires_grad_(False)
    fold_batch_norms(network)
    file = folder / f"{encoder.name}.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the newer exporter needs one more package
        torch.onnx.export(network, (images,), file, dynamo=False, input_names=["images"])
    threads = onnxruntime.SessionOptions()
    threads.intra_op_num_threads = threads.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(file, threads, providers=["CPUExecutionProvider"])


if __name__ == "__main__":
    main()
