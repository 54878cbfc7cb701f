"""What a threshold means in a library: known edits, and pairs of other days."""
