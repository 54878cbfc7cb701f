"""Photos of 8 to 24 megapixels, made from a few real ones by cropping and saving them again.

    python benchmarks/camera_photos.py FOLDER INTO --count 300

FOLDER holds photos of 8 MP and more from cameras and phones. The same FOLDER, count and seed
give the same photos. What is made is for measuring only, and is no part of the repository.
"""

import argparse
import random
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

SIZES = ((3264, 2448), (3648, 2736), (4000, 3000), (4032, 3024), (4608, 3456), (6000, 4000))


def make_photos(
    sources: Path, into: Path, count: int, seed: int = 1, sizes: Sequence[tuple[int, int]] = SIZES
) -> list[Path]:
    """Write `count` JPEGs (quality 88 to 95, 4:2:0, one in four with an orientation tag)."""
    rng = random.Random(seed)
    originals = [path for path in sorted(sources.iterdir()) if _is_jpeg(path)]
    into.mkdir(parents=True, exist_ok=True)
    made = []
    for number in range(count):
        path = into / f"IMG_{number:05}.jpg"
        width, height = sizes[number % len(sizes)]
        with Image.open(originals[number % len(originals)]) as image:
            photo = _cropped(image.convert("RGB"), width, height, rng)
        exif = Image.Exif()
        exif[274] = rng.choice((1, 1, 1, 6))
        quality = rng.randint(88, 95)
        if not path.exists():
            photo.save(path, quality=quality, subsampling=2, exif=exif)
        made.append(path)
    return made


def _is_jpeg(path: Path) -> bool:
    try:
        with Image.open(path) as image:
            return image.format in ("JPEG", "MPO")
    except OSError:
        return False


def _cropped(image: Image.Image, width: int, height: int, rng: random.Random) -> Image.Image:
    """A part of 75 to 100 % of the picture at the size that is wanted: no two are alike."""
    share = rng.uniform(0.75, 1)
    part = min(image.width / width, image.height / height) * share
    across, down = round(width * part), round(height * part)
    left, top = rng.randint(0, image.width - across), rng.randint(0, image.height - down)
    box = (left, top, left + across, top + down)
    return image.resize((width, height), Image.Resampling.LANCZOS, box=box)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path)
    parser.add_argument("into", type=Path)
    parser.add_argument("--count", type=int, default=300)
    options = parser.parse_args()
    made = make_photos(options.folder, options.into, options.count)
    print(f"{len(made)} photos, {sum(path.stat().st_size for path in made) / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
