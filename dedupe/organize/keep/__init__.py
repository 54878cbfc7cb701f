"""Which photo of a set is the best, and why: rules, and signs of a copy."""
