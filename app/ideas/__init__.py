"""A citizen writes an idea, neighbours support it, the municipality answers."""
