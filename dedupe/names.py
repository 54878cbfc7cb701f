"""File names as they may be shown, with nothing that acts on a terminal, and as JSON holds them."""

import base64
import os
import unicodedata
from collections.abc import Mapping
from pathlib import Path

# What a terminal obeys or a reader cannot see, by Unicode category: control (Cc: ESC, C1,
# newline), format (Cf: the bidi overrides that show "gpj.exe" as "exe.jpg"), surrogate (Cs:
# how Python carries bytes that are not UTF-8), private use (Co), unassigned (Cn), and the line
# and paragraph separators (Zl, Zp) that break one row into two.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Zero-width joiners are format characters too, but they hold emoji and Indic syllables together.
_HARMLESS = frozenset("\u200c\u200d")
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def safe(text: str | Path) -> str:
    """Make a name visible: what cannot be printed turns into an escape, the rest stays.

    Promises one line of printable characters that every UTF-8 terminal can encode. A newline
    becomes `\\n`, ESC `\\x1b`, the stray byte 0xff `\\xff`, a bidi override `\\u202e`. It is for
    eyes only: there is no way back, as a real backslash stays one backslash.

    Args:
        text: a path or a part of one, with bytes that are not UTF-8 as surrogates, the way
            `os.fsdecode` gives them.

    Returns:
        The same text without anything that a terminal would obey.
    """
    shown = os.fspath(text)
    return shown if shown.isprintable() else "".join(map(_visible, shown))


def _visible(character: str) -> str:
    if character in _HARMLESS or unicodedata.category(character) not in _UNSEEN:
        return character
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # surrogateescape: the byte is in the low half
        return f"\\x{code - 0xDC00:02x}"
    if character in _SHORT:
        return _SHORT[character]
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def path_facts(path: str | Path, name: str = "path") -> dict[str, str | None]:
    """The path as text, or where text cannot hold it, None and its bytes as `path_base64`.

    JSON is Unicode. A path with other characters in the place of such bytes would be no path,
    and the lone surrogates that Python uses make strict parsers refuse the whole document.
    """
    exact = os.fsencode(path)
    try:
        return {name: exact.decode()}
    except UnicodeDecodeError:
        return {name: None, f"{name}_base64": base64.b64encode(exact).decode()}


def exact_name(facts: Mapping[str, object], name: str = "path") -> str:
    """What `path_facts` was given, byte for byte, as `os.fsdecode` gives it.

    Args:
        facts: may hold other things as well.
        name: as it was given to `path_facts`.

    Raises:
        ValueError: there is no such text, it is no text of Unicode, or it has a NUL in it.
    """
    text, coded = facts.get(name), facts.get(f"{name}_base64")
    if isinstance(text, str) and coded is None:
        exact = text.encode()
    elif isinstance(coded, str) and text is None:
        exact = base64.b64decode(coded, validate=True)
    else:
        raise ValueError(f"has no {name}")
    if b"\0" in exact:
        raise ValueError(f"has a {name} with a NUL in it")
    return os.fsdecode(exact)
