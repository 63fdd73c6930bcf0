"""The command line."""


def main() -> None:
    raise SystemExit("Nothing to run yet.")
