"""What decoding costs beside its floor: libjpeg-turbo at 1/8, the smallest it can unfold.

    python benchmarks/decode.py FOLDER    # photos of 8 MP and more, as for camera_photos.py

Photos of 12 MP are made of those in FOLDER. All figures are CPU time of one thread, the parts
interleaved within one run. The floor is `simplejpeg`, a thin layer over libjpeg-turbo.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import simplejpeg
from blake3 import blake3
from camera_photos import make_photos
from PIL import Image

from dedupe.encoders.registry import DEFAULT_ENCODER, find_encoder
from dedupe.photos.dct_hash import dct_hashes
from dedupe.photos.decode import Wants, decode
from dedupe.photos.photo import PhotoFile
from dedupe.photos.pixels import THUMBNAIL, crop_pixels, flat, grey, jpeg, pixel_hash, small_picture
from dedupe.photos.quiet import quiet_pillow
from dedupe.photos.read import photo_file

PHOTOS = 20
REPEATS = 7
FLOOR = "libjpeg-turbo alone, at 1/8"
OURS = "decode and resize, as scan does"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    with TemporaryDirectory() as folder, quiet_pillow():
        made = make_photos(options.folder, Path(folder), PHOTOS, sizes=((4032, 3024),))
        photos = [(path.read_bytes(), photo_file(path)) for path in made]
        measure(photos)


def measure(photos: list[tuple[bytes, PhotoFile]]) -> None:
    """Print the table."""
    wants = Wants.of(find_encoder(DEFAULT_ENCODER))
    opened = {id(data): _draft(data, wants) for data, _ in photos}
    small = {key: small_picture(image, None) for key, image in opened.items()}

    def whole(data: bytes, file: PhotoFile) -> None:
        decode(data, file, wants, content=b"-" * 32)

    parts: dict[str, Callable[[bytes, PhotoFile], object]] = {
        FLOOR: lambda data, _: simplejpeg.decode_jpeg(data, "RGB", min_height=1, min_width=1),
        OURS: lambda data, _: crop_pixels(flat(_draft(data, wants)), wants, None, exact=False),
        "Pillow in full, and resize (torchvision's way)": lambda data, _: crop_pixels(
            flat(Image.open(BytesIO(data))), wants, None
        ),
        "content hash": lambda data, _: blake3(data).digest(),
        "pixel hash": lambda data, _: pixel_hash(opened[id(data)], None, 8),
        "DCT hash": lambda data, _: dct_hashes([grey(small[id(data)])]),
        "thumbnail": lambda data, _: jpeg(small_picture(opened[id(data)], None)),
        "all that scan computes but the content hash": whole,
    }
    times: dict[str, list[float]] = {name: [] for name in parts}
    for _ in range(REPEATS):
        for name, part in parts.items():
            start = time.process_time()
            for data, file in photos:
                part(data, file)
            times[name].append((time.process_time() - start) / len(photos) * 1000)
    floor = times[FLOOR]
    megabytes = statistics.mean(len(data) for data, _ in photos) / 1e6
    print(f"{len(photos)} JPEGs of 12 MP, {megabytes:.1f} MB each, {REPEATS} repeats\n")
    print("| part | CPU ms a photo, median (least) | x the floor, by medians (by least) |")
    print("|---|---|---|")
    for name, each in times.items():
        middle, least = statistics.median(each), min(each)
        ratio = f"{middle / statistics.median(floor):.2f} ({least / min(floor):.2f})"
        print(f"| {name} | {middle:.1f} ({least:.1f}) | {ratio} |")


def _draft(data: bytes, wants: Wants) -> Image.Image:
    """The JPEG as `decode` unfolds it."""
    image = Image.open(BytesIO(data), formats=("JPEG",))
    least = max(round(1.25 * wants.resize), THUMBNAIL)
    image.draft("RGB", (least, least))
    image.decodermaxblock = len(data)  # type: ignore[attr-defined]
    image.load()
    return image


if __name__ == "__main__":
    main()
