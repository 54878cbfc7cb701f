"""What of one folder is in another, as good or better."""
