"""The local features of photos: points that are found again in an edit, and words of them."""
