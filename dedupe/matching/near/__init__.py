"""Who is near whom: distances of vectors, bits of hashes, and the pairs worth a closer look."""
