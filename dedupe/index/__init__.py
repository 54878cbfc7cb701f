"""What is remembered: the SQLite index, and the scan that fills it."""
