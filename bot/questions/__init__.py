"""Working out what is asked and about what, from the words alone."""
