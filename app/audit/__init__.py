"""Who did what to which thing: a chain of lines that cannot be changed unseen."""
