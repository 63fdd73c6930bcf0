"""`python -m bot` is the command `airflow-bot`."""

from bot.cli import main

if __name__ == "__main__":
    main()
