"""Search over runbooks and guides: by signature, by words, by meaning."""
