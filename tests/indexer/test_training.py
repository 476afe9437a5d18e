"""A very small model is trained on texts written here, in the files and rows that the real data has."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
import zstandard
from numpy.typing import NDArray
from safetensors.numpy import load_file
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer

from indexer.training import ModelCard, train
from indexer.training.static import NotAModelFolder, NothingToTrainOn, Recipe

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
