"""Background work: knows the rooms, and no room knows it."""
