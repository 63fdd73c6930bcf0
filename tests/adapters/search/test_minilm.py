"""The embedder computes what its weights say, compared with a plain BERT in numpy."""

from __future__ import annotations

import json
import math
import os
import struct
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from bot.adapters.search.minilm import MiniLM, find_model
from bot.adapters.search.minilm.weights import Tensor, load_tensors
from bot.adapters.search.vectors import VectorsUnavailable

HIDDEN, HEADS, LAYERS, WIDE = 32, 4, 2, 64
WORDS = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    *["the", "pool", "is", "full", "disk", "memory", "task", "killed", "slot"],
]
TEXTS = ["the pool is full", "disk", "the task is killed memory memory slot", "nobody knows this"]


def tiny_weights() -> dict[str, Tensor]:
    numbers = np.random.default_rng(7)

    def random(*shape: int) -> Tensor:
        return numbers.normal(0, 0.3, shape).astype(np.float32)

    weights: dict[str, Tensor] = {
        "embeddings.word_embeddings.weight": random(len(WORDS), HIDDEN),
        "embeddings.position_embeddings.weight": random(64, HIDDEN),
        "embeddings.token_type_embeddings.weight": random(2, HIDDEN),
        "embeddings.LayerNorm.weight": 1 + random(HIDDEN),
        "embeddings.LayerNorm.bias": random(HIDDEN),
    }
    for layer in range(LAYERS):
        at = f"encoder.layer.{layer}."
        shapes = {
            "attention.self.query": (HIDDEN, HIDDEN),
            "attention.self.key": (HIDDEN, HIDDEN),
            "attention.self.value": (HIDDEN, HIDDEN),
            "attention.output.dense": (HIDDEN, HIDDEN),
            "intermediate.dense": (WIDE, HIDDEN),
            "output.dense": (HIDDEN, WIDE),
        }
        for name, shape in shapes.items():
            weights[f"{at}{name}.weight"] = random(*shape)
            weights[f"{at}{name}.bias"] = random(shape[0])
        for name in ("attention.output.LayerNorm", "output.LayerNorm"):
            weights[f"{at}{name}.weight"] = 1 + random(HIDDEN)
            weights[f"{at}{name}.bias"] = random(HIDDEN)
    return weights


def write_safetensors(path: Path, weights: Mapping[str, Tensor]) -> None:
    header, body = {}, b""
    for name, values in weights.items():
        content = values.astype(np.float32).tobytes()
        offsets = [len(body), len(body) + len(content)]
        header[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": offsets}
        body += content
    text = json.dumps({"__metadata__": {"format": "pt"}, **header}).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + body)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    write_safetensors(folder / "model.safetensors", tiny_weights())
    vocabulary = {word: number for number, word in enumerate(WORDS)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {
        "hidden_size": HIDDEN,
        "num_attention_heads": HEADS,
        "num_hidden_layers": LAYERS,
        "layer_norm_eps": 1e-12,
    }
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def plain_bert(folder: Path, text: str) -> Tensor:
    """The forward pass as the paper has it, in 32 bits, one text at a time."""
    weights = load_tensors(folder / "model.safetensors")
    config = json.loads((folder / "config.json").read_text())
    heads, layers = config["num_attention_heads"], config["num_hidden_layers"]
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    ids = np.array(tokenizer.encode(text).ids)

    def linear(state: Tensor, name: str) -> Tensor:
        return state @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

    def normal(state: Tensor, name: str) -> Tensor:
        centred = state - state.mean(-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-12)
        return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def split(state: Tensor) -> Tensor:
        return state.reshape(len(ids), heads, -1).transpose(1, 0, 2)

    erf = np.vectorize(math.erf)
    state = (
        weights["embeddings.word_embeddings.weight"][ids]
        + weights["embeddings.position_embeddings.weight"][: len(ids)]
        + weights["embeddings.token_type_embeddings.weight"][0]
    )
    state = normal(state, "embeddings.LayerNorm")
    for layer in range(layers):
        at = f"encoder.layer.{layer}."
        query, key, value = (
            split(linear(state, f"{at}attention.self.{name}")) for name in ("query", "key", "value")
        )
        scores = query @ key.transpose(0, 2, 1) / math.sqrt(query.shape[-1])
        shares = np.exp(scores - scores.max(-1, keepdims=True))
        shares /= shares.sum(-1, keepdims=True)
        seen = (shares @ value).transpose(1, 0, 2).reshape(len(ids), -1)
        attended = linear(seen, f"{at}attention.output.dense")
        state = normal(state + attended, f"{at}attention.output.LayerNorm")
        wide = linear(state, f"{at}intermediate.dense")
        active = wide * 0.5 * (1 + erf(wide / math.sqrt(2)))
        narrow = linear(active, f"{at}output.dense")
        state = normal(state + narrow, f"{at}output.LayerNorm")
    mean = state.mean(0)
    return np.asarray(mean / np.linalg.norm(mean))


def test_vectors_are_those_of_the_plain_model_but_for_rounding(folder: Path) -> None:
    vectors = MiniLM(folder).embed(TEXTS)
    for text, vector in zip(TEXTS, vectors, strict=True):
        assert np.dot(vector, plain_bert(folder, text)) > 0.99
        assert math.isclose(np.linalg.norm(vector), 1.0, rel_tol=1e-4)


def test_a_text_has_the_same_vector_in_any_company(folder: Path) -> None:
    model = MiniLM(folder)
    (alone,) = model.embed(["disk"])
    among = model.embed([*TEXTS, "disk", *TEXTS * 9])[len(TEXTS)]
    assert np.dot(alone, among) > 0.999


def test_no_text_gives_no_vector_and_an_empty_one_gives_one(folder: Path) -> None:
    model = MiniLM(folder)
    assert model.embed([]) == []
    assert len(model.embed([""])[0]) == HIDDEN


def test_very_long_texts_are_cut(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    assert config["hidden_size"] == len(MiniLM(folder).embed(["pool " * 50])[0])


def test_other_weights_have_another_identity(folder: Path, tmp_path: Path) -> None:
    for name in ("tokenizer.json", "config.json"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    weights = tiny_weights()
    weights["embeddings.LayerNorm.bias"] = weights["embeddings.LayerNorm.bias"] + 1
    write_safetensors(tmp_path / "model.safetensors", weights)
    assert MiniLM(tmp_path).identity != MiniLM(folder).identity
    assert MiniLM(folder).identity.startswith("minilm-int8-")


@pytest.mark.parametrize("content", [b"", b"short", b"\xff" * 64, b"\x02" + b"\0" * 7 + b"{}"])
def test_files_that_are_no_model_are_named(folder: Path, tmp_path: Path, content: bytes) -> None:
    for name in ("tokenizer.json", "config.json"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    (tmp_path / "model.safetensors").write_bytes(content)
    with pytest.raises(VectorsUnavailable, match="holds no usable model"):
        MiniLM(tmp_path).embed(["disk"])


def test_a_folder_is_a_model_only_with_all_its_files(folder: Path, tmp_path: Path) -> None:
    assert find_model(folder) == folder
    assert find_model(tmp_path) is None


REAL = os.environ.get("BOT_TEST_MINILM")


@pytest.mark.skipif(not REAL, reason="BOT_TEST_MINILM names no folder with MiniLM's real files")
def test_the_real_weights_agree_with_the_plain_model() -> None:
    folder = Path(str(REAL))
    vectors = MiniLM(folder).embed(TEXTS)
    for text, vector in zip(TEXTS, vectors, strict=True):
        assert np.dot(vector, plain_bert(folder, text)) > 0.97
