"""Models are loaded by folder: the one in the package without torch, any other as sentence-transformers does."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.models import Pooling, Transformer
from transformers import BertConfig, BertModel, BertTokenizer

from indexer.encoder import DEFAULT_MODEL, ModelNotLoaded, TransformerEncoder, load_encoder
from indexer.static import StaticEncoder, is_static
from tests.indexer.library import sample_texts

TEXTS = ["红外探测器怎么选", "电机啸叫", "污泥干化能耗高", "轴承"]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A transformer of one layer with random weights, which wants different prompts before questions and documents."""
    made, saved = tmp_path_factory.mktemp("made"), tmp_path_factory.mktemp("saved") / "tiny-bert"
    signs = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *dict.fromkeys("".join(TEXTS) + "问文：")]
    (made / "vocab.txt").write_text("\n".join(signs), "utf-8")
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(signs), hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64
    )
    BertModel(config).save_pretrained(str(made))
    BertTokenizer(vocab=str(made / "vocab.txt")).save_pretrained(str(made))
    layers = Transformer(str(made))
    pooling = Pooling(32)
    SentenceTransformer(modules=[layers, pooling], prompts={"query": "问：", "document": "文："}, device="cpu").save(
        str(saved)
    )
    return saved


def test_a_folder_that_is_not_there_is_told_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ModelNotLoaded) as told:
        load_encoder(str(tmp_path / "没有"))
    assert str(told.value) == f"向量模型 {tmp_path / '没有'} 加载不了：没有这个文件夹。"


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"")
    with pytest.raises(ModelNotLoaded, match=r"这是一个文件，请给出模型所在的文件夹。$"):
        load_encoder(str(tmp_path / "model.bin"))


@pytest.mark.parametrize("name", ["bert-base-nowhere", "nobody/bert-base-nowhere"])
def test_a_name_of_the_hub_has_one_slash_or_none(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(name: str, timeout: float) -> None:
        raise OSError("network is down.")

    monkeypatch.setattr("huggingface_hub.model_info", unreachable)
    with pytest.raises(ModelNotLoaded) as told:
        load_encoder(name)
    assert str(told.value) == (
        f"向量模型 {name} 加载不了：本机没有它的副本，也连不上模型库（OSError: network is down）。"
        "可在能联网的机器上下载，再给出文件夹。"
    )


@pytest.mark.parametrize("file", ["model.safetensors", "tokenizer.json", "modules.json"])
def test_a_damaged_model_is_told_too(tmp_path: Path, file: str) -> None:
    shutil.copytree(DEFAULT_MODEL, tmp_path / "model")
    (tmp_path / "model" / file).write_bytes(b"{not a model")
    with pytest.raises(ModelNotLoaded, match="加载不了"):
        load_encoder(str(tmp_path / "model"))


def test_a_transformer_gives_unit_vectors_and_heeds_its_prompts(tiny: Path) -> None:
    encoder = load_encoder(str(tiny))
    assert isinstance(encoder, TransformerEncoder)
    assert encoder.dimensions == 32
    records, questions = encoder.encode(TEXTS), encoder.encode(TEXTS, asking=True)
    assert records.dtype == questions.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm([*records, *questions], axis=1), 1, atol=1e-5)
    by_hand = SentenceTransformer(str(tiny), device="cpu")
    expected = by_hand.encode([f"问：{text}" for text in TEXTS], normalize_embeddings=True)
    np.testing.assert_allclose(questions, expected, atol=1e-5)
    expected = by_hand.encode([f"文：{text}" for text in TEXTS], normalize_embeddings=True)
    np.testing.assert_allclose(records, expected, atol=1e-5)
    assert not np.allclose(records, questions, atol=1e-3)
    assert encoder.encode([]).shape == (0, 32)


def test_the_fingerprint_changes_with_the_weights_not_with_the_place(tiny: Path, tmp_path: Path) -> None:
    copied = shutil.copytree(tiny, tmp_path / "tiny-bert")
    assert load_encoder(str(copied)).fingerprint == load_encoder(str(tiny)).fingerprint
    weights = copied / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-4:] = np.float32(0.5).tobytes()
    weights.write_bytes(content)
    assert load_encoder(str(copied)).fingerprint != load_encoder(str(tiny)).fingerprint


def test_both_ways_of_reading_the_packages_model_agree() -> None:
    texts = ["", "①②③", "640×512 SiC MOSFET", *sample_texts()[:25], *sample_texts("demands")[:25]]
    ours = load_encoder()
    assert isinstance(ours, StaticEncoder)
    theirs = SentenceTransformer(str(DEFAULT_MODEL), device="cpu")
    np.testing.assert_allclose(ours.encode(texts), theirs.encode(texts, normalize_embeddings=True), atol=1e-6)
    np.testing.assert_allclose(ours.encode(texts, asking=True), theirs.encode_query(texts), atol=1e-6)


def test_the_packages_model_gives_unit_vectors_and_zeros_for_nothing() -> None:
    encoder = load_encoder()
    texts = ["红外探测器", "", "电机异响"]
    lengths = np.linalg.norm(encoder.encode(texts), axis=1)
    np.testing.assert_allclose(lengths, [1, 0, 1], atol=1e-5)
    assert encoder.encode([]).shape == (0, encoder.dimensions)


def test_a_text_gets_the_same_vector_in_whatever_company() -> None:
    encoder, texts = load_encoder(), sample_texts()[:40]
    together = encoder.encode(texts)
    alone = np.concatenate([encoder.encode([text]) for text in texts])
    assert (together == alone).all()


def test_what_is_alike_lies_nearer_than_what_is_not() -> None:
    motor, noise, sludge = load_encoder().encode(["永磁电机噪声抑制", "电机电磁噪声大", "污泥脱水干化"])
    assert motor @ noise > motor @ sludge


def test_the_packages_model_is_read_without_torch() -> None:
    script = "import sys; from indexer.encoder import load_encoder; load_encoder().encode(['电机']); print('torch' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout == "False\n"
    )


def test_only_static_embeddings_count_as_static(tiny: Path, tmp_path: Path) -> None:
    assert is_static(DEFAULT_MODEL)
    assert not is_static(tiny)
    assert not is_static(tmp_path)
