"""The queue of texts and pictures that wait for a person, and what was decided of each: it decides what is shown."""
