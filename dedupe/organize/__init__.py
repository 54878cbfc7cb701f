"""From groups to files on disk and back: keep rules, plans, journal, apply, undo.

Each room builds on those before it: keep and files, plans, then drafting and journal, then saved
and applying; act joins them to the journal that belongs to an index.
"""
