"""A small transformer beside the static model: read with numpy as it was trained with torch."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from indexer.contextual import KEPT, STOP, ContextualEncoder, Shape, write_contextual
from indexer.encoder import CONTEXTUAL, CONTEXTUAL_MODEL, ModelNotLoaded, fingerprint, load_encoder, packaged
from indexer.index import Index
from indexer.static import StaticEncoder
from indexer.training import train_contextual
from indexer.training.drawing import ContextualRecipe
from indexer.training.material import reduced
from indexer.training.network import Network, orthogonal
from indexer.training.packed import ROW, packed
from indexer.training.static import NotAModelFolder, NothingToTrainOn
from tests.indexer.test_training import PAPERS, TALK, write_rows

TINY = ContextualRecipe(
    width=64,
    layers=1,
    small_width=64,
    small_layers=1,
    dimensions=32,
    rows=8,
    reading=3,
    pairing=12,
    giving=12,
    workers=0,
)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    papers = [
        {"id": f"p{number}", "title": title, "abstract": abstract, "keywords": [title[:3], title[3:]]}
        for number, (title, abstract) in enumerate(PAPERS)
    ]
    paragraphs = [
        {"id": paper["id"], "headings": [], "paragraphs": [str(paper["abstract"]) * 2] * 2} for paper in papers
    ]
    write_rows(folder / "chinaxiv-papers.jsonl", papers)
    write_rows(folder / "chinaxiv-paragraphs.jsonl.zst", paragraphs)
    write_rows(folder / "patents.jsonl", [{**paper, "id": f"z{paper['id']}"} for paper in papers[:3]])
    talk = [{"title": title, "heading": heading, "text": text} for title, heading, text in TALK]
    write_rows(folder / "hands-on-texts.jsonl.zst", talk)
    return folder


@pytest.fixture(scope="module")
def trained(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "tiny"
    train_contextual(data, folder, recipe=TINY, device="cpu")
    return folder


def test_it_is_trained_from_end_to_end_and_loaded_by_its_folder(trained: Path) -> None:
    encoder = load_encoder(str(trained))
    assert isinstance(encoder, ContextualEncoder)
    assert encoder.dimensions == packaged().dimensions + 32
    vectors = encoder.encode(["电池起火", "轴承异响", "？！"])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), [1, 1, 0], atol=1e-5)


def test_same_seed_same_weights(trained: Path, data: Path, tmp_path: Path) -> None:
    train_contextual(data, tmp_path / "again", recipe=TINY, device="cpu")
    train_contextual(data, tmp_path / "other", recipe=TINY, device="cpu", seed=21)
    kept, again, other = (
        load_encoder(str(folder)).encode(["轴承异响"]) for folder in (trained, tmp_path / "again", tmp_path / "other")
    )
    assert np.array_equal(kept, again)
    assert not np.array_equal(kept, other)


def test_nothing_else_is_replaced_and_nothing_is_trained_on_nothing(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("x")
    with pytest.raises(NotAModelFolder):
        train_contextual(tmp_path, tmp_path, recipe=TINY)
    with pytest.raises(NothingToTrainOn, match=r"chinaxiv-papers\.jsonl"):
        train_contextual(tmp_path, tmp_path / "new", recipe=TINY)


def test_numpy_computes_what_torch_does(tmp_path: Path) -> None:
    """With weights of 8 bits the two vectors point the same way but for a rounding."""
    torch.manual_seed(3)
    static = packaged()
    network = Network(torch.from_numpy(static.rows), 128, 2, 32)
    for weight in network.blocks.parameters():
        torch.nn.init.normal_(weight, 0.1 if weight.ndim > 1 else 1.0, 0.05)
    write_contextual(tmp_path, Shape(static.fingerprint, 2, 128, 32), network.weights())
    encoder = ContextualEncoder(tmp_path, "tiny", static)
    texts = ["滚动轴承内圈故障诊断。振动信号含有冲击成分", "污泥干化", "SiC MOSFET 640×512"]
    with torch.no_grad():
        rows = packed([np.array(encoder.signed(text, False)) for text in texts], 2, len(static.rows))
        numbers, owners = torch.from_numpy(rows.numbers), torch.from_numpy(rows.owners)
        wanted = network.vectors(network(numbers, owners), owners, len(texts)).numpy()
    given = np.array([encoder.in_context(encoder.signed(text, False)) for text in texts])
    assert rows.placed.all()
    np.testing.assert_allclose((wanted * given).sum(axis=1), 1, atol=2e-3)


def test_cosines_are_those_of_both_models_in_their_shares() -> None:
    encoder = load_encoder(CONTEXTUAL)
    assert isinstance(encoder, ContextualEncoder)
    asked, kept = encoder.encode(["电机啸叫"], asking=True)[0], encoder.encode(["永磁同步电机振动噪声抑制"])[0]
    static = packaged().encode(["电机啸叫", "永磁同步电机振动噪声抑制"])
    inner = encoder.in_context(encoder.signed("电机啸叫", True)) @ encoder.in_context(
        encoder.signed("永磁同步电机振动噪声抑制", False)
    )
    share = encoder.shape.share
    assert asked @ kept == pytest.approx((1 - share) * static[0] @ static[1] + share * inner, abs=1e-5)


def test_order_counts_and_who_asks() -> None:
    """Unlike a mean of words."""
    encoder = load_encoder(CONTEXTUAL)
    one, other = encoder.encode(["用铜代替铝", "用铝代替铜"])
    assert not np.allclose(one, other, atol=1e-3)
    assert not np.allclose(one, encoder.encode(["用铜代替铝"], asking=True)[0], atol=1e-3)


def test_a_text_is_signed_in_front_and_between_sentences_and_cut() -> None:
    encoder = load_encoder(CONTEXTUAL)
    assert isinstance(encoder, ContextualEncoder)
    words = len(packaged().rows)
    numbers = encoder.signed("轴承。齿轮！", False)
    assert numbers[0] == words + KEPT
    assert numbers.count(words + STOP) == 1
    assert len(encoder.signed("轴承齿轮" * 500, True)) == encoder.shape.longest


def test_words_of_another_static_model_are_refused(tmp_path: Path) -> None:
    for file in CONTEXTUAL_MODEL.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    shape = json.loads((tmp_path / "contextual.json").read_text("utf-8"))
    (tmp_path / "contextual.json").write_text(json.dumps({**shape, "words": "model@another"}), "utf-8")
    with pytest.raises(ModelNotLoaded, match="made for the words of model@another"):
        load_encoder(str(tmp_path))


def test_the_one_in_the_package_belongs_to_the_static_one_and_has_weights_and_bands() -> None:
    assert load_encoder(CONTEXTUAL).fingerprint == fingerprint(CONTEXTUAL_MODEL)
    index = Index(None, model=CONTEXTUAL)
    assert index.no_model is None
    assert index.fusion.model == fingerprint(CONTEXTUAL_MODEL)
    assert set(index.fusion.bands) == {"hybrid", "semantic", "keyword"}


def test_rows_are_filled_and_nothing_is_torn() -> None:
    texts: list[NDArray[np.int64]] = [np.full(length, number) for number, length in enumerate((200, 56, 100, 156, 3))]
    rows = packed(texts, 2, absent=99)
    assert rows.placed.tolist() == [True, True, True, True, False]
    assert not (rows.numbers == 99).any()
    for number, text in enumerate(texts[:4]):
        row, places = np.nonzero(rows.owners == number + 1)
        assert len(set(row)) == 1
        assert places.tolist() == list(range(places[0], places[0] + len(text)))
        assert (rows.numbers[row, places] == number).all()
    assert rows.numbers.shape == (2, ROW)


def test_texts_of_a_row_do_not_see_each_other() -> None:
    torch.manual_seed(0)
    static: StaticEncoder = packaged()
    network = Network(torch.from_numpy(static.rows), 64, 1, 16)
    for weight in network.blocks.parameters():
        torch.nn.init.normal_(weight, 0, 0.1)
    text, first, second = (np.array(numbers) for numbers in ([5, 6, 7], [8, 9, 10, 11], [12, 13, 14, 15]))
    found = []
    for other in (first, second):
        rows = packed([text, other], 1, len(static.rows))
        with torch.no_grad():
            places = network(torch.from_numpy(rows.numbers), torch.from_numpy(rows.owners))
            found.append(network.vectors(places, torch.from_numpy(rows.owners), 2)[0])
    torch.testing.assert_close(found[0], found[1])


def test_a_change_is_made_orthogonal() -> None:
    made = orthogonal(torch.randn(12, 5, generator=torch.Generator().manual_seed(1)))
    values = torch.linalg.svdvals(made)
    assert values.min() > 0.5
    assert values.max() < 1.3


@pytest.mark.parametrize(
    ("title", "left"),
    [("一种基于小波的轴承故障诊断方法", "轴承"), ("SiC MOSFET", "SiC MOSFET")],
)
def test_a_title_is_reduced_to_its_nouns_and_verbs(title: str, left: str) -> None:
    words = reduced(title).split()
    assert left in (*words, reduced(title))
    assert not {"一种", "基于", "的"} & set(words)
