"""Promise 5: what is asked for by name is found by name, first, among everything else the library holds."""

from __future__ import annotations

import pytest

from corpus.cells import record_of
from corpus.records import Achievement
from corpus.store import Store
from indexer.fusion import Mode
from service.answers import search
from service.installation import Installation
from service.viewer import MACHINE

RECORDS = {
    "classification": "行业代码自动归类工具：按 GB/T 4754-2017《国民经济行业分类》给企业打标签，一万条只需半分钟。",
    "letter": "编译器缺陷定位：面向 C 语言程序，结合覆盖信息给出可疑语句排序。",
    "model": "老旧变流柜改造：原用 FZ-1500R/33HE3 的机型可直接替换，母排不动。",
    "word": "葛根里提取总黄酮的连续逆流装置，溶剂省三成。"
    + "装置由进料、浸提、压榨、浓缩四段组成，配套自动清洗。" * 12,
    "mixed": "车载充电机：全桥用 InSb JFET，效率高，体积小。",
}


def add_all(store: Store) -> None:
    rows = [{"source": "测试", "source_id": name, "title": name, "summary": text} for name, text in RECORDS.items()]
    store.save([record_of(Achievement, row) for row in rows])


@pytest.mark.parametrize("mode", ["hybrid", "keyword"])
@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("GB/T 4754", "classification"),
        ("ＧＢ／Ｔ４７５４－２０１７", "classification"),
        ("gb/t 4754-2017", "classification"),
        ("C", "letter"),
        ("FZ-1500R/33HE3", "model"),
        ("fz-1500r/33he3", "model"),
        ("黄酮", "word"),
        ("葛根", "word"),
        ("InSb JFET", "mixed"),
    ],
)
def test_it_is_first(installation: Installation, question: str, found: str, mode: Mode) -> None:
    add_all(installation.store)
    assert search(installation, question, viewer=MACHINE, mode=mode, limit=1).hits[0].record.source_id == found


@pytest.mark.parametrize(
    "written", ["640×512", "640x512", "640X512", "640*512", "６４０×５１２", "640 × 512", "６４０Ｘ５１２"]
)
def test_a_size_is_found_however_it_is_written(installation: Installation, written: str) -> None:
    hits = search(installation, written, viewer=MACHINE, limit=6).hits
    holding = [hit for hit in hits if "640×512" in hit.record.title + str(hit.record)]
    assert holding == list(hits)[: len(holding)]
    assert len(holding) == 6
