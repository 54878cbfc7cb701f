"""Which photos belong together: proved sets, look-alikes, and clusters of the rest."""
