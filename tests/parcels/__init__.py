"""Where an input is on its way."""
