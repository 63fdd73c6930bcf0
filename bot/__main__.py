"""`python -m bot`: the command line."""

import signal

# Until the imports are done, an interrupt ends us without a word, and not with a traceback.
signal.signal(signal.SIGINT, signal.SIG_DFL)

from bot.cli import main  # noqa: E402

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    main()
