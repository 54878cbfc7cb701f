"""Write `sample_photos/`: a small folder of real photos with real look-alikes in it.

    python scripts/make_sample_photos.py

needs Debian 12 (`apt-get`, `dpkg-deb`), pip, and this project's own dependencies; it downloads some
110 MB into `build/`. The table `PHOTOS` is the truth about the folder; from it and from
`sample_sources.SOURCES` come

- `sample_photos/**`, the photos, and `sample_photos/SOURCES.md`, whose they are,
- `tests/data/sample_photos.json`: path, scene and edit of every photo, for the tests,
- `dedupe/encoders/calibration/*`: one small picture per scene. The median distance between such
  unrelated pictures is what an encoder of unknown scale is measured by.

The names in the folder do not tell which photos belong together, and two different photos share
the name DSC_0098.JPG, as happens when a camera starts counting again.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from PIL import Image, ImageOps
from sample_edits import (
    Change,
    Taken,
    crop,
    encode,
    fit,
    grey,
    half,
    mirror,
    screenshot,
    swap_exif,
    thumbnail,
    turn,
    view,
)
from sample_pages import calibration_page, sample_page
from sample_sources import SOURCES, read_sources

ROOT = Path(__file__).resolve().parent.parent
PHOTO_FOLDER = ROOT / "sample_photos"
CALIBRATION_FOLDER = ROOT / "dedupe/encoders/calibration"
TRUTH = ROOT / "tests/data/sample_photos.json"
DOWNLOADS = ROOT / "build/sample_sources"

LONG_SIDE = 1280  # of an original: enough to look at, and the whole folder stays below 8 MB
CALIBRATION_SIDE = 256
CALIBRATION_BYTES = 25_000

PHONE, CAMERA = "Phone 5", "Camera D4"
TAKEN = {
    "bee": Taken(CAMERA, datetime(2019, 8, 11, 14, 20, 37), "60"),
    "brushes": Taken(PHONE, datetime(2020, 2, 8, 15, 33, 10), "027"),
    "cat": Taken(PHONE, datetime(2019, 11, 3, 16, 12, 7), "913"),
    "coffee": Taken(PHONE, datetime(2019, 11, 17, 10, 44, 33), "348"),
    "dahlia": Taken(CAMERA, datetime(2018, 9, 2, 11, 5, 48), "20"),
    "dandelions": Taken(PHONE, datetime(2019, 5, 19, 19, 33, 21), "105"),
    "dogs": Taken(PHONE, datetime(2019, 7, 14, 10, 15, 12), "482"),
    "drum": Taken(PHONE, datetime(2020, 1, 18, 20, 44, 17), "660"),
    "fig": Taken(PHONE, datetime(2019, 9, 14, 12, 28, 53), "794"),
    "mountain": Taken(PHONE, datetime(2019, 7, 20, 9, 30, 44), "251"),
    "night bridge": Taken(CAMERA, datetime(2019, 4, 6, 21, 2, 15), "80"),
    "pagoda": Taken(CAMERA, datetime(2018, 10, 3, 15, 41, 9), "40"),
    "sunset": Taken(PHONE, datetime(2019, 12, 22, 16, 51, 40), "576"),
}
"""When and with what a scene is said to have been taken; downloads and chat copies say nothing."""


@dataclass(frozen=True, slots=True)
class Photo:
    """One file of the folder.

    Attributes:
        path: inside `sample_photos/`.
        scene: which source it comes from. Photos of one scene look alike, others do not.
        edit: what was done to it, for the tests and for SOURCES.md. "original" and "another shot"
            start from the source; everything else from the scene's original as it was written.
        change: what is done to its pixels.
        quality: of a lossy format.
        exif: whether it says when and with what it was taken.
        later: by how many seconds it was taken after the original.
        orientation: the EXIF tag; `change` must turn the pixels to suit.
    """

    path: str
    scene: str
    edit: str
    change: Change | None = None
    quality: int = 85
    exif: bool = False
    later: int = 0
    orientation: int = 1


def _original(path: str, scene: str, change: Change | None = None, quality: int = 85) -> Photo:
    return Photo(path, scene, "original", change, quality, exif=scene in TAKEN)


PHOTOS = (
    _original("phone/2019-07/IMG_20190714_101512.jpg", "dogs"),
    Photo("backup/old laptop/phone/IMG_20190714_101512.jpg", "dogs", "byte copy"),
    Photo("chat/IMG-20190714-WA0003.jpg", "dogs", "re-encoded q60", quality=60),
    Photo("phone/2019-07/IMG_20190714_101512~2.jpg", "dogs", "crop 85 %", crop(0.85, 0.4),
          exif=True),
    #
    _original("phone/2019-07/IMG_20190720_093044.jpg", "mountain",
              view((0.00, 0.02), (0.00, 0.94), (0.92, 0.94), (0.92, 0.02))),
    Photo("phone/2019-07/IMG_20190720_093048.jpg", "mountain", "another shot",
          view((0.09, 0.05), (0.06, 0.99), (0.99, 0.97), (1.00, 0.07), light=0.9, warmth=-0.03),
          exif=True, later=4),
    Photo("chat/IMG-20190720-WA0007.jpg", "mountain", "half size", half, quality=75),
    #
    _original("phone/2019-05/IMG_20190519_193321.jpg", "dandelions",
              view((0.00, 0.00), (0.00, 0.92), (0.92, 0.92), (0.92, 0.00))),
    Photo("phone/2019-05/IMG_20190519_193327.jpg", "dandelions", "another shot",
          view((0.05, 0.09), (0.07, 1.00), (0.99, 0.98), (0.97, 0.06), light=1.12, warmth=0.03),
          exif=True, later=6),
    Photo("screenshots/Screenshot_20200302-211409.png", "dandelions", "screenshot",
          screenshot("19 May 2019", "21:14")),
    Photo("export/web/may-2.webp", "dandelions", "WebP", quality=80),
    #
    _original("phone/2019-11/IMG_20191103_161207.jpg", "cat"),
    Photo("backup/old laptop/phone/IMG_20191103_161207.jpg", "cat", "metadata only", exif=True),
    Photo("export/web/small/0031.jpg", "cat", "thumbnail", thumbnail(160), quality=75),
    Photo("chat/IMG-20191104-WA0001.jpg", "cat", "mirrored", mirror, quality=75),
    #
    _original("camera/2019/DSC_0412.JPG", "night bridge"),
    Photo("backup/old laptop/DSC_0412.JPG", "night bridge", "EXIF-turned", turn(90), exif=True,
          orientation=6),
    Photo("export/for printing/DSC_0412.JPG", "night bridge", "turned 90", turn(270), quality=92,
          exif=True),
    #
    _original("phone/2019-11/IMG_20191117_104433.jpg", "coffee"),
    Photo("export/for printing/IMG_20191117_104433.png", "coffee", "PNG"),
    Photo("backup/old laptop/IMG_0007.jpg", "coffee", "byte copy"),
    Photo("chat/IMG-20191117-WA0002.jpg", "coffee", "crop 60 %", crop(0.6, 0.55, 0.3), quality=75),
    #
    _original("camera/2019/DSC_0733.JPG", "bee"),
    Photo("export/album/DSC_0733.JPG", "bee", "metadata only", exif=True),
    Photo("camera/2019/DSC_0733-2.JPG", "bee", "crop 60 %", crop(0.6, 0.35, 0.4), exif=True),
    Photo("backup/cloud/IMG_3021.heic", "bee", "HEIC", quality=60, exif=True),
    #
    _original("downloads/portrait.jpg", "astronaut"),
    Photo("downloads/portrait (1).jpg", "astronaut", "re-encoded q40", quality=40),
    Photo("chat/IMG-20190716-WA0000.jpg", "astronaut", "grey", grey, quality=75),
    #
    _original("camera/2018/DSC_0098.JPG", "pagoda"),
    Photo("export/album/DSC_0098.JPG", "pagoda", "EXIF-turned", turn(270), exif=True,
          orientation=8),
    # the pictures which are alone
    _original("downloads/wallpaper.jpg", "rocket"),
    _original("backup/old laptop/DSC_0098.JPG", "dahlia"),
    _original("phone/2020-02/IMG_20200208_153310.heic", "brushes", quality=50),
    _original("phone/2019-09/IMG_20190914_122853.jpg", "fig"),
    _original("chat/IMG-20190914-WA0004.jpg", "citrus"),
    _original("phone/2019-12/IMG_20191222_165140.jpg", "sunset"),
    _original("phone/2020-01/IMG_20200118_204417.jpg", "drum"),
    _original("backup/scans/scan0003.jpg", "cameraman"),
)  # fmt: skip


def main() -> None:
    """Write everything and say how much it is."""
    sources = read_sources(DOWNLOADS)
    written: dict[str, bytes] = {}
    for photo in PHOTOS:
        written[photo.path] = _render(photo, sources[photo.scene], written)
        _write(PHOTO_FOLDER / photo.path, written[photo.path])
    small = {scene: _calibration(image) for scene, image in sources.items()}
    for scene, jpeg in small.items():
        _write(CALIBRATION_FOLDER / _calibration_name(scene), jpeg)

    truth = [{"path": photo.path, "scene": photo.scene, "edit": photo.edit} for photo in PHOTOS]
    _write(TRUTH, (json.dumps(truth, indent=1) + "\n").encode())
    listed = [(photo.path, photo.scene, photo.edit) for photo in PHOTOS]
    _write(PHOTO_FOLDER / "SOURCES.md", sample_page(listed, SOURCES).encode())
    names = {scene: _calibration_name(scene) for scene in small}
    _write(CALIBRATION_FOLDER / "SOURCES.md", calibration_page(names, SOURCES).encode())

    print(f"{len(written)} photos of {len({p.scene for p in PHOTOS})} scenes, ", end="")
    print(f"{sum(map(len, written.values())) / 1e6:.1f} MB, in {PHOTO_FOLDER}")
    print(f"{len(small)} calibration pictures, {sum(map(len, small.values())) / 1e3:.0f} kB")
    for stray in _strays(written):
        print(f"not one of ours: {stray}")


def _render(photo: Photo, source: Image.Image, written: dict[str, bytes]) -> bytes:
    """The bytes of one file. `written` holds those before it in the table."""
    suffix = Path(photo.path).suffix
    taken = TAKEN.get(photo.scene)
    exif = b""
    if photo.exif and taken:
        exif = taken.exif(later=photo.later, orientation=photo.orientation)
    if photo.edit in ("original", "another shot"):
        image = photo.change(source) if photo.change else source
        return encode(fit(image, LONG_SIDE), suffix, photo.quality, exif)

    original = next(p.path for p in PHOTOS if p.scene == photo.scene)
    if photo.edit == "byte copy":
        return written[original]
    if photo.edit == "metadata only":
        assert taken
        edited = taken.exif(software="Example Album 2.1")
        return swap_exif(written[original], old=exif, new=edited)
    image = Image.open(PHOTO_FOLDER / original).convert("RGB")
    image = Image.frombytes("RGB", image.size, image.tobytes())  # without its metadata
    return encode(photo.change(image) if photo.change else image, suffix, photo.quality, exif)


def _calibration(source: Image.Image) -> bytes:
    """The middle of a source as a small square, at the best quality that is small enough."""
    square = ImageOps.fit(source, (CALIBRATION_SIDE,) * 2, Image.Resampling.LANCZOS)
    candidates = (encode(square, ".jpg", quality, b"") for quality in range(85, 40, -5))
    return next(jpeg for jpeg in candidates if len(jpeg) <= CALIBRATION_BYTES)


def _calibration_name(scene: str) -> str:
    return f"{scene.replace(' ', '_')}.jpg"


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _strays(written: dict[str, bytes]) -> Iterator[Path]:
    """Files left by an earlier table: this script deletes nothing, whoever runs it should."""
    ours = {PHOTO_FOLDER / path for path in written} | {PHOTO_FOLDER / "SOURCES.md"}
    ours |= {CALIBRATION_FOLDER / _calibration_name(source.scene) for source in SOURCES}
    ours |= {CALIBRATION_FOLDER / "SOURCES.md"}
    for folder in (PHOTO_FOLDER, CALIBRATION_FOLDER):
        yield from (path for path in folder.rglob("*") if path.is_file() and path not in ours)


if __name__ == "__main__":
    main()
