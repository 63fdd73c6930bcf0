"""Where it is kept who is on call: one source a file, joined by level in `sources`."""
