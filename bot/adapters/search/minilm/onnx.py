"""Just enough of the ONNX format to write a graph: protocol buffers by hand.

The `onnx` package would be 20 MB for these few messages. Field numbers are those of onnx.proto.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

import numpy as np

from bot.adapters.search.minilm.weights import Tensor

_ELEMENT_TYPES = {np.dtype(np.float32): 1, np.dtype(np.int8): 3, np.dtype(np.int64): 7}
FLOAT, INT64, INT32 = 1, 7, 6
_IR_VERSION, _OPSET = 9, 18
MICROSOFT = "com.microsoft"  # ONNX Runtime's own fused kernels

Attribute = int | float | Sequence[int]


class Graph:
    """Nodes and constants in the order in which they were added."""

    def __init__(self) -> None:
        self._nodes: list[bytes] = []
        self._constants: list[bytes] = []

    def constant(self, name: str, values: Tensor) -> str:
        values = np.ascontiguousarray(values)
        dims = b"".join(_field(1, int(size)) for size in values.shape)
        kind = _field(2, _ELEMENT_TYPES[values.dtype])
        self._constants.append(dims + kind + _field(8, name) + _field(9, values.tobytes()))
        return name

    def integers(self, name: str, *values: int) -> str:
        return self.constant(name, np.array(values, np.int64))

    def node(
        self,
        operator: str,
        inputs: Sequence[str],
        *outputs: str,
        domain: str = "",
        **attributes: Attribute,
    ) -> str:
        """Adds one node and returns the name of its first output."""
        message = b"".join(_field(1, name) for name in inputs)
        message += b"".join(_field(2, name) for name in outputs)
        message += _field(3, outputs[0]) + _field(4, operator)
        message += b"".join(_field(5, _attribute(*pair)) for pair in attributes.items())
        self._nodes.append(message + (_field(7, domain) if domain else b""))
        return outputs[0]

    def model(
        self,
        inputs: Mapping[str, Sequence[str | int]],
        outputs: Mapping[str, Sequence[str | int]],
    ) -> bytes:
        """The whole model; `inputs` are int64, `outputs` float32, sizes named where they vary."""
        graph = b"".join(_field(1, node) for node in self._nodes) + _field(2, "minilm")
        graph += b"".join(_field(5, constant) for constant in self._constants)
        graph += b"".join(_field(11, _value(*pair, INT64)) for pair in inputs.items())
        graph += b"".join(_field(12, _value(*pair, FLOAT)) for pair in outputs.items())
        opsets = (("", _OPSET), (MICROSOFT, 1))
        imports = b"".join(_field(8, _field(1, name) + _field(2, n)) for name, n in opsets)
        return _field(1, _IR_VERSION) + _field(2, "bot") + _field(7, graph) + imports


def _varint(number: int) -> bytes:
    number &= (1 << 64) - 1  # negative numbers are written as their two's complement
    written = bytearray()
    while number > 127:
        written.append(number & 127 | 128)
        number >>= 7
    return bytes([*written, number])


def _field(number: int, value: int | float | str | bytes) -> bytes:
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    if isinstance(value, float):
        return _varint(number << 3 | 5) + struct.pack("<f", value)
    content = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _attribute(name: str, value: Attribute) -> bytes:
    if isinstance(value, float):
        return _field(1, name) + _field(2, value) + _field(20, 1)
    if isinstance(value, int):
        return _field(1, name) + _field(3, value) + _field(20, 2)
    return _field(1, name) + b"".join(_field(8, int(item)) for item in value) + _field(20, 7)


def _value(name: str, sizes: Sequence[str | int], kind: int) -> bytes:
    dims = b"".join(
        _field(1, _field(2, size) if isinstance(size, str) else _field(1, size)) for size in sizes
    )
    return _field(1, name) + _field(2, _field(1, _field(1, kind) + _field(2, dims)))
