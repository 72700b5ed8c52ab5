"""Known faults, one patch each, named after the check that must go red; `make test-red` plants them one at a time."""
