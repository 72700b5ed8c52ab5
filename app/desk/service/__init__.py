"""What is done at the desk: with inputs, with templates, and with what stopped on its way to the archive."""
