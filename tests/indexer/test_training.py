"""A very small model is trained on texts written here, in the files and rows that the real data has."""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zstandard
from numpy.typing import NDArray
from safetensors.numpy import load_file
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer

from indexer.thesaurus import shipped_thesaurus
from indexer.training import ModelCard, train
from indexer.training.pairs import Pair, read_rows
from indexer.training.sources import SOURCES
from indexer.training.start import WINDOW, association, factored, first_rows, neighbours, prose
from indexer.training.static import NotAModelFolder, NothingToTrainOn, Recipe
from indexer.training.vocabulary import unigram_tokenizer
from indexer.training.written import (
    HELD_BACK,
    demand_and_paper,
    demand_and_patent,
    demands,
    held_back,
    measuring,
    said_and_terms,
    terms_and_class,
)

PUBLIC = Path(__file__).parent.parent.parent.parent / "shared" / "data"
SMALL = Recipe(words=400, dimensions=32, cuts=(32, 16), steps=60, batch=16, rate=0.05)

PAPERS = [
    ("锂电池热失控抑制方法", "动力电池过充后温度升高，隔膜熔化引起短路。采用阻燃电解液和相变散热，抑制电池热失控。"),
    ("污泥低温干化工艺", "污泥含水率高，热风干燥能耗大。采用热泵在低温下除湿干化污泥，臭气少，能耗降低。"),
    ("轴承故障诊断", "滚动轴承振动信号含有冲击成分。用小波分解提取振动特征，识别轴承内圈和外圈故障。"),
    ("稻壳制备活性炭", "稻壳富含硅和碳。经碱活化得到多孔活性炭，吸附染料废水效果好，比表面积大。"),
    ("大棚番茄灌溉控制", "土壤湿度传感器测量大棚含水量。控制器按番茄需水量开启滴灌，节约灌溉用水。"),
    ("铝合金压铸气孔缺陷", "压铸件内部气孔降低强度。真空压铸减少卷气，铝合金铸件气孔率下降，延伸率提高。"),
    ("猪饲料酶制剂", "仔猪断奶后消化能力弱。饲料中添加植酸酶和木聚糖酶，提高仔猪日增重，减少腹泻。"),
    ("光伏板清洁机器人", "光伏组件积灰降低发电量。机器人用滚刷沿组件行走清扫灰尘，无水清洁，发电效率恢复。"),
    ("挥发性有机物催化燃烧", "涂装车间排放挥发性有机物。以贵金属催化剂催化燃烧废气，净化率高，起燃温度低。"),
    ("桥梁裂缝图像识别", "桥梁表面裂缝靠人工巡检费时。无人机拍摄图像，用卷积神经网络分割裂缝并测量宽度。"),
    ("苹果采后保鲜涂膜", "苹果贮藏期失水软化。壳聚糖涂膜抑制呼吸，延长苹果货架期，保持果实硬度。"),
    ("钢渣微粉水泥", "钢渣堆存占地。钢渣磨细成微粉作水泥掺合料，激发剂提高早期强度，水泥成本降低。"),
]  # fmt: skip

TALK = [
    ("给花园做一个自动浇水器", "水泵怎么接", "把水泵接到继电器上，继电器由单片机控制。土壤干了，水泵就开始浇水。"),
    ("修理吵闹的风扇", "换轴承", "风扇转起来嗡嗡响，多半是轴承磨损了。拆开外壳，拔下旧轴承，压入新轴承，再加一点油。"),
    ("旧电池还能用吗", "先量电压", "拿万用表量一下电池的电压，太低就不要再充电。鼓包的电池会着火，应当送去回收。"),
]  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of data with only three of its files."""
    folder = tmp_path_factory.mktemp("data")
    papers = [
        {"id": f"p{number}", "title": title, "abstract": abstract, "keywords": [title[:3], title[3:]]}
        for number, (title, abstract) in enumerate(PAPERS)
    ]
    talk = [{"title": title, "heading": heading, "text": text} for title, heading, text in TALK]
    write_rows(folder / "chinaxiv-papers.jsonl", papers)
    write_rows(folder / "patents.jsonl", [{**paper, "id": f"z{paper['id']}"} for paper in papers[:3]])
    write_rows(folder / "hands-on-texts.jsonl.zst", talk)
    (folder / "gbt4754-2017.tsv").write_text("code\tname\tparent\nA\t农业\t\nA01\t谷物种植\tA\n", "utf-8")
    return folder


def write_rows(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
    path.write_bytes(zstandard.compress(lines) if path.suffix == ".zst" else lines)


@pytest.fixture(scope="module")
def trained(data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ModelCard]:
    """The model's folder and what training said about it."""
    folder = tmp_path_factory.mktemp("models") / "model"
    return folder, train(data, folder, recipe=SMALL)


def test_same_seed_same_weights(data: Path, trained: tuple[Path, ModelCard], tmp_path: Path) -> None:
    """The same data and seed give the same words and weights; another seed gives others."""
    folder, _ = trained
    train(data, tmp_path / "again", recipe=SMALL)
    train(data, tmp_path / "other", seed=21, recipe=SMALL)

    assert (tmp_path / "again/tokenizer.json").read_bytes() == (folder / "tokenizer.json").read_bytes()
    assert np.array_equal(rows_of(tmp_path / "again"), rows_of(folder))
    assert not np.array_equal(rows_of(tmp_path / "other"), rows_of(folder))


def test_sentence_transformers_loads_it(trained: tuple[Path, ModelCard]) -> None:
    """The saved folder is a complete sentence-transformers model of 32-bit unit vectors."""
    folder, card = trained
    vectors = SentenceTransformer(str(folder), device="cpu").encode(["电池起火", "轴承"])

    assert vectors.dtype == np.float32
    assert vectors.shape == (2, card.dimensions) == (2, 32)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-6)


def test_pairs_are_nearer(trained: tuple[Path, ModelCard]) -> None:
    """Each title is nearer to its own abstract than to any other."""
    folder, _ = trained
    model = SentenceTransformer(str(folder), device="cpu")
    titles = model.encode([title for title, _ in PAPERS])
    abstracts = model.encode([abstract for _, abstract in PAPERS])

    assert (titles @ abstracts.T).argmax(axis=1).tolist() == list(range(len(PAPERS)))


def test_numpy_reads_it_alike(trained: tuple[Path, ModelCard]) -> None:
    """Mean of word rows, scaled to length one, with nothing but tokenizers and safetensors."""
    folder, _ = trained
    texts = [abstract for _, abstract in PAPERS] + ["ＳｉＣ MOSFET 640×512", "轴承", "", "！？"]
    expected = SentenceTransformer(str(folder), device="cpu").encode(texts)

    assert np.abs(read_with_numpy(folder, texts) - expected).max() < 1e-6


def test_card_names_data_and_command(trained: tuple[Path, ModelCard], data: Path) -> None:
    """The card lists sources with counts and licences, what was missing, how to repeat; and no path of this machine."""
    folder, card = trained
    page = (folder / "README.md").read_text("utf-8")

    counts = {source.pairs_of: source.pairs for source in card.trained_on}
    assert counts["title and abstract"] == 12
    assert counts["industry and parent"] == 1
    assert "ipc.tsv" in card.missing
    assert "| title and abstract | ChinaXiv papers 2016–2022 | CC BY | 12 |" in page
    assert "duijie train --data ../shared/data --out DIR" in page
    assert str(data.parent) not in page


def test_trains_in_place_of_an_old_model(data: Path, trained: tuple[Path, ModelCard], tmp_path: Path) -> None:
    """An old model is replaced and nothing is left beside it; progress is told."""
    stages: list[tuple[str, int, int]] = []
    for seed in (1, 20):
        train(data, tmp_path / "model", seed, lambda *stage: stages.append(stage), SMALL)

    assert np.array_equal(rows_of(tmp_path / "model"), rows_of(trained[0]))
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    assert ("training", SMALL.steps, SMALL.steps) in stages


def test_other_files_are_not_overwritten(data: Path, tmp_path: Path) -> None:
    """A folder with something else in it is refused before any work is done."""
    (tmp_path / "notes.txt").write_text("走访记录", "utf-8")

    with pytest.raises(NotAModelFolder):
        train(data, tmp_path, recipe=SMALL)
    assert (tmp_path / "notes.txt").is_file()


def test_empty_folder_is_named(tmp_path: Path) -> None:
    """Without any of the files there is nothing to train on, and the error says which would do."""
    with pytest.raises(NothingToTrainOn, match=r"chinaxiv-papers\.jsonl"):
        train(tmp_path, tmp_path / "model", recipe=SMALL)


NAMES = ["电机", "马达", "轴承", "污泥", "淤泥", "干化"]
COMPANY = [
    "电机轴承", "马达轴承", "轴承电机", "轴承马达",
    "污泥干化", "淤泥干化", "干化污泥", "干化淤泥",
] * 5  # fmt: skip


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    """A tokenizer of six words."""
    return unigram_tokenizer(dict.fromkeys(NAMES, 10))


def quiet(stage: str, done: int, whole: int) -> None:
    """Nobody is told how far it is."""


def test_neighbours_are_counted_by_nearness_and_both_ways(tokenizer: Tokenizer) -> None:
    """The nth word counts 2 / (n + 1); a word beyond the window, or in another text, not at all."""
    company = neighbours(["电机轴承污泥", "干化", "马达" + "轴承" * WINDOW + "淤泥"], tokenizer, quiet)
    number = {name: tokenizer.token_to_id(name) for name in NAMES}

    assert company.shape == (7, 7)
    assert (company != company.T).nnz == 0
    assert company[number["电机"], number["轴承"]] == 1
    assert company[number["电机"], number["污泥"]] == pytest.approx(2 / 3)
    assert company[number["马达"], number["轴承"]] == pytest.approx(sum(2 / (n + 1) for n in range(1, WINDOW + 1)))
    assert company[number["马达"], number["淤泥"]] == 0
    assert company[[number["干化"]]].nnz == 0


def test_unknown_words_keep_no_company(tokenizer: Tokenizer) -> None:
    """What has no vector is nobody's neighbour, but it does stand between words."""
    company = neighbours(["电机锂轴承", "锂锂锂"], tokenizer, quiet)

    assert company[[0]].nnz == company[:, [0]].nnz == 0
    assert company[tokenizer.token_to_id("电机"), tokenizer.token_to_id("轴承")] == pytest.approx(2 / 3)


def test_without_texts_nobody_keeps_company(tokenizer: Tokenizer) -> None:
    """No texts, or empty ones: no neighbours, and directions by chance of length one."""
    for texts in ([], ["", "！"]):
        company = association(neighbours(texts, tokenizer, quiet))
        assert company.nnz == 0
        assert np.linalg.norm(factored(company, 4, 20), axis=1) == pytest.approx(1)


def test_words_of_the_same_company_are_nearer_than_others(tokenizer: Tokenizer) -> None:
    """电机 and 马达 never stand together, but both beside 轴承."""
    directions = factored(association(neighbours(COMPANY, tokenizer, quiet)), 4, 20)
    motor, engine, sludge, silt = (directions[tokenizer.token_to_id(name)] for name in ("电机", "马达", "污泥", "淤泥"))

    assert np.linalg.norm(directions, axis=1) == pytest.approx(1)
    assert motor @ engine > 0.9 > 0.3 > abs(motor @ sludge)
    assert sludge @ silt > 0.9


def test_same_seed_same_first_rows(data: Path, tokenizer: Tokenizer) -> None:
    """Training starts alike from the same seed; frequent words start shorter."""
    frequencies = np.array([0, 0.5, 1e-4, 0, 0, 0, 0])
    rows = first_rows(data, tokenizer, frequencies, 5, 20, quiet).numpy()

    assert rows.dtype == np.float32
    assert rows.shape == (7, 5)
    assert np.array_equal(first_rows(data, tokenizer, frequencies, 5, 20, quiet).numpy(), rows)
    assert not np.array_equal(first_rows(data, tokenizer, frequencies, 5, 21, quiet).numpy(), rows)
    lengths = np.linalg.norm(rows, axis=1)
    assert lengths[3:] == pytest.approx(np.sqrt(5))
    assert lengths[1] < lengths[2] == pytest.approx(np.sqrt(5 / 2))


def test_running_text_of_every_file_is_read(data: Path, tmp_path: Path) -> None:
    """Abstracts, talk and paragraphs that are neither short nor tables; none of it where there are no files."""
    long = "污泥含水率高，" * 10
    write_rows(
        tmp_path / "chinaxiv-paragraphs.jsonl.zst",
        [{"id": "p0", "headings": [], "paragraphs": [long, "短", f"<table>{long}", f"[1] {long}"]}],
    )
    write_rows(tmp_path / "science-abstracts.jsonl", [{"abstract": "轴承振动。"}])

    assert list(prose(tmp_path)) == ["轴承振动。", long]
    assert len(list(prose(data))) == len(PAPERS) + 3 + len(TALK)
    assert list(prose(tmp_path / "none")) == []


def test_every_demand_that_was_written_is_well_formed() -> None:
    """One JSON object a line, of a document's id, a demand, perhaps its style and a mark: one line of prose, each said once."""
    rows = written_rows()

    assert len(rows) >= 1_000
    assert [row for row in rows if set(row) - {"measuring", "style"} != {"about", "demand"}] == []
    assert {row.get("style") for row in rows} == {None, "diary", "terse", "formal", "code", "filed"}
    assert {row.get("measuring", True) for row in rows} == {True}
    assert [row for row in rows if not re.fullmatch(r"\S+", row["about"])] == []
    assert [row for row in rows if not 10 <= len(row["demand"]) <= 400] == []
    assert [row for row in rows if row["demand"] != " ".join(row["demand"].split())] == []
    assert [demand for demand, count in Counter(row["demand"] for row in rows).items() if count > 1] == []
    assert sum(map(len, demands().values())) == len(rows)


@pytest.mark.data
@pytest.mark.skipif(not PUBLIC.is_dir(), reason="the public data does not lie beside the project, in ../shared/data")
def test_every_demand_was_written_over_a_document_that_exists() -> None:
    """A paper or a patent of the public data."""
    known = {row["id"] for name in ("chinaxiv-papers.jsonl", "patents.jsonl") for row in read_rows(PUBLIC / name)}
    assert set(demands()) - known == set()


def test_demands_that_measure_are_in_no_pair(tmp_path: Path) -> None:
    """One document in five and those that are marked are held back; every demand over the others is a pair with its document."""
    documents = [{"id": about, "title": f"题{about}", "abstract": "摘要。"} for about in [*demands(), "没有需求"]]
    for name in ("chinaxiv-papers.jsonl", "patents.jsonl"):
        write_rows(tmp_path / name, documents)
    kept = [about for about in demands() if held_back(about)]
    trained = [about for about in demands() if not held_back(about)]

    marked = {row["about"] for row in written_rows() if "measuring" in row}
    assert marked <= set(kept)
    assert len(set(kept) - marked) == pytest.approx(len(demands().keys() - marked) / HELD_BACK, rel=0.25)
    assert [(one.source, one.text) for one in measuring()] == [(id, said) for id in kept for said in demands()[id]]
    assert len({one.id for one in measuring()}) == len(measuring())
    for pairs in (list(demand_and_paper(tmp_path)), list(demand_and_patent(tmp_path))):
        assert pairs == [Pair(said, f"题{about} 摘要。", about) for about in trained for said in demands()[about]]
        assert {pair.anchor for pair in pairs}.isdisjoint(said for about in kept for said in demands()[about])


def test_every_wording_of_the_thesaurus_is_a_pair(tmp_path: Path) -> None:
    """What is said finds the terms, the terms find the class; two wordings of a line are about one thing."""
    senses = shipped_thesaurus().senses
    said, classes = list(said_and_terms(tmp_path)), list(terms_and_class(tmp_path))

    assert len(said) == sum(len(sense.said) for sense in senses)
    assert len(classes) == len(senses)
    first = senses[0]
    assert said[: len(first.said)] == [Pair(word, " ".join(first.terms), "thesaurus 0") for word in first.said]
    assert classes[0].anchor == said[0].positive
    assert classes[0].positive.split()[1:] == list(first.said)
    assert classes[0].about == said[0].about


def test_what_was_written_here_is_marked_as_ours() -> None:
    """The card of a model says which pairs are ours."""
    ours = [source.pairs for source in SOURCES if source.is_ours]
    assert ours == [said_and_terms, terms_and_class, demand_and_paper, demand_and_patent]


def written_rows() -> list[dict[str, Any]]:
    lines = (resources.files("indexer.training") / "demands.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def rows_of(folder: Path) -> NDArray[np.float32]:
    rows: NDArray[np.float32] = load_file(folder / "model.safetensors")["embedding.weight"]
    return rows


def read_with_numpy(folder: Path, texts: list[str]) -> NDArray[np.float32]:
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    rows = rows_of(folder)
    vectors = np.zeros((len(texts), rows.shape[1]), np.float32)
    for place, encoded in enumerate(tokenizer.encode_batch(texts, add_special_tokens=False)):
        if encoded.ids:
            vectors[place] = rows[encoded.ids].mean(axis=0)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors /= np.maximum(lengths, 1e-12)
    return vectors
