"""An index takes changes in, finds them at once, keeps them in a base, and goes on by keywords where there is no model."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import Timeout

from corpus.records import Change, Ip, Record, searched_texts
from indexer.base import current
from indexer.index import Index
from indexer.making import embedded_text
from tests.indexer.library import achievement


class Log:
    """Changes of records, as a store keeps them: the latest of each id, by revision."""

    def __init__(self) -> None:
        self.changes: dict[int, Change] = {}
        self.revision = 0

    def save(self, *records: Record) -> None:
        for record in records:
            self._add(record.id, record)

    def delete(self, id: int) -> None:
        self._add(id, None)

    def after(self) -> Callable[[int], Iterable[Change]]:
        return lambda revision: [change for change in self.changes.values() if change.revision > revision]

    def _add(self, id: int, record: Record | None) -> None:
        self.revision += 1
        self.changes[id] = Change(id, self.revision, record)


@pytest.fixture
def log() -> Log:
    log = Log()
    log.save(
        achievement(1, "短波红外焦平面探测器", summary="面阵 640×512。"),
        achievement(2, "永磁电机电磁噪声抑制", summary="抵消啸叫。"),
        achievement(3, "污泥低温干化", summary="热泵除湿。"),
    )
    return log


def found(index: Index, asked: str) -> list[int]:
    return [hit.id for hit in index.find(index.reader.read(asked))[1]]


def test_what_was_saved_is_found_next_and_what_was_deleted_is_not(log: Log) -> None:
    index = Index(None)
    index.catch_up(log.after(), log.revision)
    assert found(index, "电机啸叫")[0] == 2
    log.save(achievement(4, "磁悬浮真空泵"), achievement(2, "罗茨风机"))
    log.delete(3)
    index.catch_up(log.after(), log.revision)
    assert found(index, "磁悬浮真空泵")[0] == 4
    assert found(index, "罗茨风机")[0] == 2
    assert 3 not in found(index, "污泥干化")
    assert index.engine.revision == log.revision


@pytest.mark.parametrize(
    "asked", ["ZL201910123456.7", "H01L27/146", "9312020Y0001", "HZ-0042", "中试验收", "国际先进", "欧阳修竹"]
)
def test_a_record_is_found_by_the_codes_and_names_that_stand_in_it(log: Log, asked: str) -> None:
    offer = achievement(
        4, "磁悬浮真空泵", registration_no="9312020Y0001", ip=(Ip(kind="invention", number="ZL201910123456.7"), Ip(kind="design")),
        ipc=("H01L27/146",), trl_evidence="中试验收", evaluation_level="国际先进", inventors=("欧阳修竹",),
    )  # fmt: skip
    log.save(replace(offer, source_id="HZ-0042"))
    index = Index(None)
    index.catch_up(log.after(), log.revision)
    assert found(index, asked)[0] == 4
    ranked = index.find(index.reader.read(asked), mode="keyword")[1]
    assert [hit.id for hit in ranked] == [4]
    assert ranked[0].parts["exact"] > 0


def test_a_record_is_embedded_by_what_it_is_about_in_simplified_characters() -> None:
    offer = achievement(4, "磁懸浮真空泵", organisation="某大学", registration_no="9312020Y0001", summary="無油")
    assert embedded_text(searched_texts(offer)) == "磁悬浮真空泵。无油"


def test_codes_and_names_make_a_record_no_longer() -> None:
    index = Index(None)
    bare, full = (
        achievement(4, "磁悬浮真空泵"),
        achievement(4, "磁悬浮真空泵", inventors=("欧阳修竹",), organisation="某大学"),
    )
    held, more = (entry.words for entry in index.entries([bare, full]))
    assert held.items() <= more.items()


def test_a_question_in_traditional_characters_is_the_same_question(log: Log) -> None:
    index = Index(None)
    index.catch_up(log.after(), log.revision)
    simple, traditional = (
        index.find(index.reader.read(text), mode="semantic")[1] for text in ("红外探测器IGBT", "紅外探測器ＩＧＢＴ")
    )
    assert simple == traditional


def test_a_base_is_built_reopened_and_caught_up_with(log: Log, tmp_path: Path) -> None:
    seen: list[int] = []
    built = Index(tmp_path).build(log.after(), log.revision, progress=seen.append)
    assert (built.records, built.taken, built.revision, sum(seen)) == (3, 3, 3, 3)
    assert built.seconds > 0
    log.save(achievement(4, "磁悬浮真空泵"))
    log.delete(1)
    index = Index(tmp_path)
    assert index.engine.revision == 3
    index.catch_up(log.after(), log.revision)
    assert found(index, "磁悬浮真空泵")[0] == 4
    again = index.build(log.after(), log.revision)
    assert (again.records, again.taken) == (3, 2)  # only what came since was taken in
    assert index.build(log.after(), log.revision, anew=True).taken == 4


def test_a_newer_base_of_another_process_is_taken_up(log: Log, tmp_path: Path) -> None:
    Index(tmp_path).build(log.after(), log.revision)
    index = Index(tmp_path)
    log.save(achievement(4, "磁悬浮真空泵"))
    Index(tmp_path).build(log.after(), log.revision)
    assert index.engine.is_superseded
    index.catch_up(log.after(), log.revision)
    assert not index.engine.is_superseded
    assert index.engine.base_revision == 4
    assert found(index, "磁悬浮真空泵")[0] == 4


def test_a_damaged_base_is_said_and_everything_is_taken_in_again(log: Log, tmp_path: Path) -> None:
    Index(tmp_path).build(log.after(), log.revision)
    base = current(tmp_path)
    assert base
    (base / "ids.npy").write_bytes(b"")
    index = Index(tmp_path)
    assert "已损坏" in (index.engine.out_of_step or "")
    index.catch_up(log.after(), log.revision)
    assert found(index, "电机啸叫")[0] == 2


def test_without_a_model_search_goes_on_by_keywords_and_says_so(log: Log, tmp_path: Path) -> None:
    index = Index(None, model=str(tmp_path / "没有"))
    index.catch_up(log.after(), log.revision)
    mode, ranked = index.find(index.reader.read("电机啸叫"), mode="hybrid")
    assert (mode, [hit.id for hit in ranked]) == ("keyword", [2])
    assert index.degraded == f"向量模型 {tmp_path / '没有'} 加载不了：没有这个文件夹。已改用关键词检索。"


def test_a_base_built_without_a_model_is_not_taken_for_one_with_vectors(log: Log, tmp_path: Path) -> None:
    Index(tmp_path, model=str(tmp_path / "没有")).build(log.after(), log.revision)
    index = Index(tmp_path)
    assert index.engine.out_of_step == "索引是没有向量模型时建立的，请运行 duijie index"
    index.catch_up(log.after(), log.revision)
    assert index.degraded is None
    assert index.find(index.reader.read("电机啸叫"))[0] == "hybrid"


def test_new_words_of_the_operator_put_the_base_out_of_step(log: Log, tmp_path: Path) -> None:
    Index(tmp_path / "index", own=tmp_path).build(log.after(), log.revision)
    assert Index(tmp_path / "index", own=tmp_path).engine.out_of_step is None
    (tmp_path / "words.txt").write_text("磁流体密封环\n", "utf-8")
    index = Index(tmp_path / "index", own=tmp_path)
    assert index.engine.out_of_step == "索引是用另一版分词规则或词典建立的，请运行 duijie index"
    built = index.build(log.after(), log.revision)
    assert (built.records, built.taken) == (3, 3)
    assert Index(tmp_path / "index", own=tmp_path).engine.out_of_step is None


def test_a_search_gives_the_same_answer_from_memory_and_from_the_base(log: Log, tmp_path: Path) -> None:
    memory = Index(None)
    memory.catch_up(log.after(), log.revision)
    Index(tmp_path).build(log.after(), log.revision)
    base = Index(tmp_path)
    for asked in ("电机啸叫", "640*512", "污泥热泵红外", "脱氮"):
        assert memory.find(memory.reader.read(asked)) == base.find(base.reader.read(asked))


def test_one_process_builds_at_a_time(tmp_path: Path) -> None:
    one, other = Index(tmp_path).building(), Index(tmp_path).building()
    with one, pytest.raises(Timeout):
        other.acquire(blocking=False)
    with other:
        assert other.is_locked
