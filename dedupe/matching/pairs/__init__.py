"""What two photos are to each other, and what proves it."""
