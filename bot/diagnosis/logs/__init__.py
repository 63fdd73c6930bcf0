"""Reads task, scheduler and Dag-processor logs of any size into what a diagnosis needs."""

from bot.diagnosis.logs.reader import LogReader, read_log_records, read_log_text

__all__ = ["LogReader", "read_log_records", "read_log_text"]
