"""The pages around the rooms: home, own contributions, privacy, the frame's files."""
