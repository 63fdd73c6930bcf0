"""The ways into the workspace over HTTP: for the app, for its page, and for whoever drives it."""
