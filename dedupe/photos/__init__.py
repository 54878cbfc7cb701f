"""What is on disk: finding photos, decoding them, and what their headers say."""
