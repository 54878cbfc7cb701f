"""Which photos look alike: distances, groups, clusters, search."""
