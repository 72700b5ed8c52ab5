"""Letters to the municipal case system, and what it answers."""
