"""Scripts that set up, start and test the project; the Makefile calls them."""
