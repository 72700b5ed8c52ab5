"""The working group's pages."""
