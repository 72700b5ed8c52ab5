"""People's ways through the site, in a real Chromium, against the whole app as `make run` starts it."""
