"""Names that real and hostile folders hold, and how to tell what a terminal would obey."""

import os
import re
import unicodedata

# no colour codes in them, so that whatever looks like one was written by the program itself
ODD_NAMES = {
    "newline": "a\nb.jpg",
    "return": "a\rb.jpg",
    "tab": "a\tb.jpg",
    "clear screen": "\x1b[2Jgone.jpg",
    "title": "\x1b]0;owned\x07.jpg",
    "link": "\x1b]8;;x:y\x1b\\x.jpg",
    "backspace": "ab\x08c.jpg",
    "delete": "a\x7f.jpg",
    "C1": "a\x9b2J.jpg",
    "bidi": "exe.\u202egpj.jpg",
    "isolate": "a\u2066b\u2069.jpg",
    "invisible": "a\u200b\ufeff.jpg",
    "line separator": "a\u2028b\u2029.jpg",
    "not UTF-8": os.fsdecode(b"caf\xe9 \xff.jpg"),
    "private use": "a\ue000.jpg",
    "markup": "[/] [bold]x[/bold] [link=x].jpg",
    "emoji code": ":smile: :heart:.jpg",
    "dash": "-rf.jpg",
    "option": "--symlink",
    "formula": "=cmd|' /C calc'!A0.jpg",
    "quote": "a\"b'c,d;e.jpg",
    "spaces": "  two  spaces  .jpg",
    "wide": "写真" * 30 + ".jpg",
    "combining": "e\u0301" * 70 + ".jpg",
    "family": "👨‍👩‍👧‍👦" * 6 + ".jpg",
    "flags": "🇩🇪" * 20 + ".jpg",
    "long": "x" * 240 + ".jpg",
}

# what rich writes: colours, cursor, whole lines erased
_STYLE = re.compile(r"\x1b\[[0-9;]*m")
_MOVES = re.compile(r"\x1b\[\?25[lh]|\x1b\[2K|\x1b\[1A|\r")
_OBEYED = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


# a progress bar hides the cursor, draws, erases itself and shows the cursor again
_ERASED = re.compile("\x1b\\[\\?25l.*?\x1b\\[\\?25h", re.DOTALL)


def plain(screen: str) -> str:
    """What a person sees in the end: without colours, and without a progress bar that is gone."""
    return _MOVES.sub("", _STYLE.sub("", _ERASED.sub("", screen)))


def obeyed(screen: str) -> list[str]:
    """The characters that a terminal would act on or hide, other than rich's own and line ends."""
    return [
        repr(character)
        for character in plain(screen)
        if unicodedata.category(character) in _OBEYED and character not in "\n\u200c\u200d"
    ]
