"""What must hold after a strike, after what follows it, and when all is taken back."""

from collections import Counter

from cases import REPLACING, Case

from dedupe.organize.files.place import TEMP_PREFIX


def after_strike(case: Case, *, reserved: bool = False, swapped: bool = False) -> list[str]:
    """Every photo is whole under a final name, and nothing else has one.

    Args:
        case: that was struck.
        reserved: whether a name may be held by an empty file of ours, until the photo is renamed
            over it: on a drive without hard links, where nothing could be done any more.
        swapped: whether a name that is replaced has the photo, or what replaces it, at any
            moment: where the system swaps the two.
    """
    files = case.contents()
    whole = Counter(
        content
        for name, content in files.items()
        if isinstance(content, bytes) and TEMP_PREFIX not in name
    )
    found = []
    for content, count in Counter([*case.precious.values(), *case.others.values()]).items():
        if not whole[content] or (case.action not in REPLACING and whole[content] < count):
            found.append(f"LOST {content[:20]!r}")
    found += [
        f"REPLACED {name}" for name, content in case.others.items() if files.get(name) != content
    ]
    found += [f"REPLACED {name}" for name in case.stays if files.get(name) != case.known[name]]
    if swapped and case.action in REPLACING:
        # by way of links
        gone = [name for name, content in case.known.items() if case.read(name) != content]
        found += [f"LOST {name!r} for a moment" for name in gone]
    known = {*case.precious.values(), *case.others.values(), b"also somebody's"}
    if reserved:
        known.add(b"")
    return found + [f"PARTIAL {content[:20]!r}" for content in whole if content not in known]


def litter(case: Case) -> list[str]:
    """Nothing of ours is left that has no final name."""
    return [f"LITTER {name}" for name in case.contents() if TEMP_PREFIX in name]


def undone(case: Case, before: dict[str, object]) -> list[str]:
    """The tree is as it was: names, kinds, bytes, permissions, times in nanoseconds."""
    after = case.snapshot()
    return [
        f"NOT UNDONE {name}: {before.get(name)!r:.90} is {after.get(name)!r:.90}"
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    ]
