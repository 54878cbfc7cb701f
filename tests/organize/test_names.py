import os

import pytest

from dedupe.names import safe


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("IMG 2041 (2).jpg", "IMG 2041 (2).jpg"),
        ("Übung 写真 👩‍👧.jpg", "Übung 写真 👩‍👧.jpg"),
        ("a\nb\r\t.jpg", "a\\nb\\r\\t.jpg"),
        ("\x1b[2J\x9b31m\x00\x7f", "\\x1b[2J\\x9b31m\\x00\\x7f"),
        (os.fsdecode(b"caf\xe9\xff.jpg"), "caf\\xe9\\xff.jpg"),
        ("gpj.\u202eexe\u2066", "gpj.\\u202eexe\\u2066"),
        ("one\u2028two\u2029", "one\\u2028two\\u2029"),
        ("\U000e0041", "\\U000e0041"),
        ("\ud800", "\\ud800"),
    ],
)
def test_a_name_is_shown_without_anything_that_a_terminal_obeys(name: str, shown: str) -> None:
    assert safe(name) == shown
    safe(name).encode()  # a surrogate would raise


def test_every_character_is_shown_in_one_line_and_can_be_encoded() -> None:
    text = "".join(map(chr, range(0x11000)))
    shown = safe(text)
    assert shown.splitlines() == [shown]
    assert not any(ord(character) < 32 or 0x7F <= ord(character) < 0xA0 for character in shown)
    shown.encode()
