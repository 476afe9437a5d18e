"""An index with a transformer in place of the model of the package: a real one, of one small layer, as sentence-transformers saves it."""

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.models import Pooling, Transformer
from transformers import BertConfig, BertModel, BertTokenizer

from corpus.records import Achievement, Change, searched_texts
from indexer.encoder import TransformerEncoder, load_encoder
from indexer.fusion import FILE, WEIGHTS, Bands, Fusion
from indexer.index import Index
from indexer.making import embedded_text
from tests.indexer.library import achievement

ASKING = "为这个句子生成表示："
RECORDS = [
    achievement(1, "短波红外焦平面探测器", summary="面阵探测器。"),
    achievement(2, "永磁电机电磁噪声抑制", summary="抵消电机啸叫。"),
    achievement(3, "污泥低温干化", summary="热泵除湿。"),
]
TEXTS = ["红外探测器", "电机啸叫", "污泥干化能耗高", "轴承"]
BANDS = Bands(0.6, 0.4, 0.2)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with random weights and a vocabulary of characters, which wants a prompt before questions and none before records."""
    made, saved = tmp_path_factory.mktemp("made"), tmp_path_factory.mktemp("saved") / "tiny-bge"
    written = [ASKING, *TEXTS, *(embedded_text(searched_texts(record)) for record in RECORDS)]
    signs = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *dict.fromkeys("".join(written))]
    (made / "vocab.txt").write_text("\n".join(signs), "utf-8")
    torch.manual_seed(0)
    BertModel(
        BertConfig(
            vocab_size=len(signs), hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64
        )
    ).save_pretrained(str(made))
    BertTokenizer(vocab=str(made / "vocab.txt")).save_pretrained(str(made))
    modules = [Transformer(str(made)), Pooling(32)]
    SentenceTransformer(modules=modules, prompts={"query": ASKING, "document": ""}, device="cpu").save(
        str(saved), create_model_card=False
    )
    return saved


@pytest.fixture
def folder(tiny: Path, tmp_path: Path) -> Path:
    """A copy of the model's folder for one test."""
    return shutil.copytree(tiny, tmp_path / "tiny-bge")


def indexed(model: Path, own: Path | None = None) -> Index:
    index = Index(None, model=str(model), own=own)
    changes = [Change(record.id, record.id, record) for record in RECORDS]
    index.catch_up(lambda revision: [change for change in changes if change.revision > revision], len(changes))
    return index


def test_the_prompt_stands_before_questions_and_not_before_records(tiny: Path) -> None:
    encoder = load_encoder(str(tiny))
    assert isinstance(encoder, TransformerEncoder)
    records, questions = encoder.encode(TEXTS), encoder.encode(TEXTS, asking=True)
    np.testing.assert_allclose(encoder.encode([ASKING + text for text in TEXTS]), questions, atol=1e-5)
    assert np.abs(records - questions).max(axis=1).min() > 0.01


def test_vectors_have_length_one(tiny: Path) -> None:
    encoder = load_encoder(str(tiny))
    texts = [*TEXTS, "", "①", "电机" * 2000]
    for vectors in (encoder.encode(texts), encoder.encode(texts, asking=True)):
        assert vectors.dtype == np.float32
        assert vectors.shape == (len(texts), encoder.dimensions) == (7, 32)
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_the_fingerprint_is_of_the_weights_and_not_of_what_was_fitted(folder: Path) -> None:
    before = load_encoder(str(folder)).fingerprint
    Fusion(model=before).write(folder)
    (folder / "README.md").write_text("说明", "utf-8")
    assert load_encoder(str(folder)).fingerprint == before
    weights = folder / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-4:] = np.float32(0.5).tobytes()
    weights.write_bytes(content)
    assert load_encoder(str(folder)).fingerprint != before


def test_the_fingerprint_changes_with_the_prompts(folder: Path) -> None:
    before = load_encoder(str(folder)).fingerprint
    settings = folder / "config_sentence_transformers.json"
    written = json.loads(settings.read_text("utf-8"))
    assert written["prompts"]["query"] == ASKING
    written["prompts"]["query"] = "请检索："
    settings.write_text(json.dumps(written, ensure_ascii=False), "utf-8")
    assert load_encoder(str(folder)).fingerprint != before


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: f"record {record.id}")
def test_an_index_finds_records_with_it(tiny: Path, record: Achievement) -> None:
    index = indexed(tiny)
    assert index.degraded is None
    mode, ranked = index.find(index.reader.read(record.title))
    assert mode == "hybrid"
    assert ranked[0].id == record.id
    assert ranked[0].parts["words"] > 0 < ranked[0].parts["meaning"]


def test_meaning_alone_is_the_cosine_of_question_and_record(tiny: Path) -> None:
    index = indexed(tiny)
    _, ranked = index.find(index.reader.read("电机啸叫"), mode="semantic")
    encoder = load_encoder(str(tiny))
    [question] = encoder.encode(["电机啸叫"], asking=True)
    texts = [embedded_text(searched_texts(record)) for record in RECORDS]
    cosines = dict(zip([1, 2, 3], (encoder.encode(texts) @ question).tolist(), strict=True))
    assert {hit.id: hit.score for hit in ranked} == pytest.approx(cosines, abs=2e-3)
    assert [hit.id for hit in ranked] == sorted(cosines, key=lambda record: -cosines[record])


def test_without_a_fitted_file_no_band_is_named(tiny: Path, tmp_path: Path) -> None:
    for own in (None, tmp_path):
        index = indexed(tiny, own)
        assert index.fusion.weights == WEIGHTS
        assert index.fusion.band("hybrid", 0.9) is None
        assert index.fusion.band("semantic", 0.9) is None


def test_bands_come_from_beside_the_model(folder: Path) -> None:
    fusion = Fusion(bands={"hybrid": BANDS}, model=load_encoder(str(folder)).fingerprint)
    fusion.write(folder)
    index = indexed(folder)
    assert index.fusion == fusion
    assert index.fusion.band("hybrid", 0.5) == "possible"


def test_bands_of_the_operators_folder_come_first(folder: Path, tmp_path: Path) -> None:
    model = load_encoder(str(folder)).fingerprint
    Fusion(bands={"hybrid": BANDS}, model=model).write(folder)
    own = tmp_path / "own"
    own.mkdir()
    weights = {**WEIGHTS, "hybrid": {"words": 0.1, "meaning": 0.9, "exact": 0.2}}
    Fusion(weights, {"hybrid": Bands(0.9, 0.8, 0.7)}, model).write(own)
    index = indexed(folder, own)
    assert index.fusion.band("hybrid", 0.5) == "none"
    [first, *_] = index.find(index.reader.read("电机啸叫"))[1]
    plain = indexed(folder).find(index.reader.read("电机啸叫"))[1]
    as_before = next(hit for hit in plain if hit.id == first.id)
    assert first.parts["meaning"] == pytest.approx(as_before.parts["meaning"] * 0.9 / WEIGHTS["hybrid"]["meaning"])


def test_what_was_fitted_for_other_weights_is_passed_over(folder: Path, tmp_path: Path) -> None:
    Fusion(bands={"hybrid": BANDS}, model=hashlib.blake2b(b"other").hexdigest()).write(tmp_path)
    assert (tmp_path / FILE).is_file()
    assert indexed(folder, tmp_path).fusion.band("hybrid", 0.9) is None
