"""What was and will be done, on disk before it is done, and on which drives."""
