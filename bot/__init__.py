"""Airflow Support Bot: a first-line diagnosis of Airflow failures, where they are asked about."""

__version__ = "0.1.0"
