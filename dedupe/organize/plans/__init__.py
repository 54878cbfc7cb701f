"""What plans are: what may be done, the steps, and their words."""
