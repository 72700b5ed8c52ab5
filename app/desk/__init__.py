"""The working group's front page: all inputs, what is new, and what the archive has not taken."""
