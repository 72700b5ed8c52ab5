"""Pure rules: who may decide, what is seen while it waits, and what the local filter marks."""
