"""Tensors out of a safetensors file, without the library for it."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

Tensor = np.ndarray[Any, np.dtype[Any]]
_TYPES = {"F32": np.float32, "F16": np.float16, "I64": np.int64}
_HEADER_MAX = 10_000_000  # bytes; a larger one means that this is another kind of file


def load_tensors(path: Path) -> Mapping[str, Tensor]:
    """Tensors by name, float32 where they are floats. Raises `ValueError` for any other file."""
    try:
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            if length > _HEADER_MAX:
                raise ValueError("the header is too long")
            header = json.loads(file.read(length))
        content = np.memmap(path, np.uint8, "r", offset=8 + length)
        return {name: _tensor(content, entry) for name, entry in header.items() if name[:2] != "__"}
    except (struct.error, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is no safetensors file: {error}") from error


def _tensor(content: Tensor, entry: Mapping[str, Any]) -> Tensor:
    start, end = entry["data_offsets"]
    values = content[start:end].view(_TYPES[entry["dtype"]]).reshape(entry["shape"])
    return values.astype(np.float32) if values.dtype == np.float16 else values
