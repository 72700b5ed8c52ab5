"""What we hold on a person: for how long, all of it in one file for them, and gone when they ask."""
