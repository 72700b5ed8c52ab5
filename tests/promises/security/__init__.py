"""S: only those who are allowed can see, and nobody's words run."""
