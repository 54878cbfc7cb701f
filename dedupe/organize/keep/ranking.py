"""Which photo of a group is the best: rules, tried one after the other."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from dedupe.errors import UnknownName, UsageError
from dedupe.organize.keep.looked import misses
from dedupe.organize.keep.looking import LOOKING, look
from dedupe.organize.keep.rules import KEEP_RULES, NOTHING, KeepRule, Seen, check_folder
from dedupe.organize.protected import NOTHING as NO_FOLDER
from dedupe.organize.protected import Protected
from dedupe.photos.photo import Photo

if TYPE_CHECKING:  # it loads numpy
    from dedupe.matching.sets.groups import Group
    from dedupe.matching.sets.verified import Choice

# An enlarged copy has the most pixels, a PNG the most bytes, and a copy that went through a
# messenger may have both: so where a photo comes from is asked first.
DEFAULT_KEEP = ("original", "resolution", "metadata", "format", "oldest", "largest")

# Reasons that are said at once: more is not read.
_REASONS = 3


def parse_rules(words: str) -> tuple[str, ...]:
    """The rules of one line: "original, folder:~/Archive, oldest".

    Raises:
        UnknownName: one of them is no rule.
        UsageError: one has an argument that it cannot have, or none where it needs one.
    """
    rules = tuple(word.strip() for word in words.split(",") if word.strip())
    check_rules(rules)
    return rules


def check_rules(rules: Iterable[str]) -> None:
    """Refuse what is no keep rule, before anything is done with it.

    Raises:
        UnknownName: one of `rules` is not in KEEP_RULES.
        UsageError: one has an argument that it cannot have, or none where it needs one.
    """
    for rule in rules:
        _found(rule)


def known_as(rules: Sequence[str] = DEFAULT_KEEP, protected: Protected = NO_FOLDER) -> str:
    """What stands for an order by these rules, so that sets made by it can be remembered.

    "" where folders are protected: what lies in them is asked of the disk each time.
    """
    return "" if protected.folders else f"keep {', '.join(rules)}"


def rank(
    photos: Iterable[Photo],
    rules: Sequence[str] = DEFAULT_KEEP,
    *,
    protected: Protected = NO_FOLDER,
) -> tuple[Photo, ...]:
    """Sort any photos, the one to keep first, by what the index knows; no file is read.

    The answer does not depend on the order they come in: ties end with the path.

    Args:
        photos: of a group, or all of a library.
        rules: names in KEEP_RULES, "folder" with its glob; a later one decides only where all
            before it tie. "sharpest" ties everywhere.
        protected: photos in it come before all others.

    Raises:
        UnknownName: one of `rules` is not in KEEP_RULES.
        UsageError: one has an argument that it cannot have, or none where it needs one.
    """
    return _ranked(photos, rules, NOTHING, protected)


def choose(
    pictures: Sequence[Sequence[Photo]],
    rules: Sequence[str] = DEFAULT_KEEP,
    *,
    protected: Protected = NO_FOLDER,
) -> Photo:
    """The photo to keep of several, by what the index knows and by their pixels.

    Files are read where the rules ask for it and the index does not settle it; one that is
    gone is judged by what the index knows.

    Args:
        pictures: the photos, those of one picture together.
        rules: as for `rank`.
        protected: likewise.

    Raises:
        UnknownName, UsageError: as for `rank`.
    """
    check_rules(rules)
    photos = [photo for picture in pictures for photo in picture]
    return _ranked(photos, rules, look(pictures, rules), protected)[0]


def choice(
    pictures: Sequence[Sequence[Photo]],
    rules: Sequence[str] = DEFAULT_KEEP,
    *,
    protected: Protected = NO_FOLDER,
) -> "Choice":
    """As `choose`; and whether all was seen that it rests on, so that it can be remembered."""
    from dedupe.matching.sets.verified import Choice

    before = misses()
    photo = choose(pictures, rules, protected=protected)
    return Choice(photo, settled=misses() == before)


def seen_in(group: "Group", rules: Sequence[str] = DEFAULT_KEEP) -> Seen:
    """What the rules have to know of the pixels of a group's photos."""
    if LOOKING.isdisjoint(rules):
        return NOTHING
    from dedupe.matching.pairs.relations import Relation

    members = zip(group.photos, group.members, strict=True)
    picture = [
        photo
        for photo, member in members
        if photo == group.kept or member.relation <= Relation.SAME_PICTURE
    ]
    others = [[photo] for photo in group.photos if photo not in picture]
    return look([picture, *others], rules)


def ranked(
    group: "Group",
    rules: Sequence[str] = DEFAULT_KEEP,
    *,
    protected: Protected = NO_FOLDER,
    seen: Seen | None = None,
) -> tuple[Photo, ...]:
    """The photos of a group, the one to keep first.

    That is the one that the others were verified against. Of look-alikes, which nothing was
    verified of, it is a protected one, or the best by the rules.

    Args:
        group: whose photos.
        rules: as for `rank`.
        protected: likewise.
        seen: as `seen_in` gives it; it is asked if this is None.

    Raises:
        UnknownName, UsageError: as for `rank`.
    """
    check_rules(rules)
    if seen is None:
        seen = seen_in(group, rules)
    photos = _ranked(group.photos, rules, seen, protected)
    if not group.is_verified:
        return photos
    return (group.kept, *(photo for photo in photos if photo != group.kept))


def why(
    best: Photo,
    other: Photo,
    rules: Sequence[str] = DEFAULT_KEEP,
    seen: Seen = NOTHING,
    *,
    protected: Protected = NO_FOLDER,
) -> str:
    """Say in a few words what makes `best` better than `other`.

    Args:
        best: the one to keep.
        other: another one of its group.
        rules: as given to `rank`.
        seen: as `seen_in` gives it.
        protected: as given to `rank`.

    Returns:
        What the first rule that tells them apart says, and what else speaks for it:
        "12.2 MP > 3.1 MP, has GPS"; at most three reasons.

    Raises:
        UnknownName, UsageError: as for `rank`.
    """
    asked = [
        (rule, argument, rule.key(best, seen, argument), rule.key(other, seen, argument))
        for rule, argument in map(_found, (*rules, "path"))
    ]
    guarded = protected.wins(best), protected.wins(other)
    if (guarded[1], *(its for *_, its, _ in asked)) > (guarded[0], *(its for *_, its in asked)):
        return "more of the set is verified against it"
    reasons: list[str] = []
    if guarded == (True, False):
        reasons.append("is in a protected folder")
    for rule, argument, key, other_key in asked:
        if key < other_key and (rule.adds or not reasons):
            reasons += [
                each for each in rule.reason(best, other, seen, argument) if each not in reasons
            ]
    return ", ".join(reasons[:_REASONS])


def _ranked(
    photos: Iterable[Photo], rules: Sequence[str], seen: Seen, protected: Protected
) -> tuple[Photo, ...]:
    photos = tuple(photos)
    # rule by rule, as a key for each photo took twice as long, and libraries are ranked whole
    ranks: list[list[Any]] = []
    if protected.folders:
        ranks.append([not protected.wins(photo) for photo in photos])
    for rule, argument in map(_found, (*rules, "path")):
        ranks.append([rule.key(photo, seen, argument) for photo in photos])
    keys = list(zip(*ranks, strict=True))
    return tuple(photos[place] for place in sorted(range(len(photos)), key=keys.__getitem__))


@lru_cache(maxsize=64)  # a chain of rules is asked for every photo
def _found(word: str) -> tuple[KeepRule, str]:
    """The rule that is named, and what stands behind its colon."""
    name, colon, argument = word.partition(":")
    rule = KEEP_RULES.get(name)
    if rule is None:
        known = (f"{each}:{it.takes}" if it.takes else each for each, it in KEEP_RULES.items())
        raise UnknownName("keep rule", name, known)
    if rule.takes and not argument:
        raise UsageError(f"the keep rule {name} needs a {rule.takes}", f"write {name}:{rule.takes}")
    if colon and not rule.takes:
        raise UsageError(f"the keep rule {name} takes nothing behind a colon", f"write {name}")
    if name == "folder":
        check_folder(argument)
    return rule, argument
