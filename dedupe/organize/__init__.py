"""From groups to files on disk and back: keep rules, plans, journal, apply, undo."""
