"""The checks of what we promise: each has an id, and its message starts with it."""
