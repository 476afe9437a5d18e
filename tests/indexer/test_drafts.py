"""A need of a note becomes a draft in its own words."""

from __future__ import annotations

from datetime import date

import pytest

from indexer.drafts import LONGEST_TITLE, Draft, criteria, draft
from indexer.notes import needs
from indexer.reading import Reader, load_reader
from indexer.segmenter import Segmenter
from indexer.words import Words
from tests.indexer.splits import visit_notes

TOLD = date(2026, 11, 27)


@pytest.fixture(scope="module")
def reader() -> Reader:
    return load_reader(Words(Segmenter()))


def drafts(note: str, reader: Reader) -> list[Draft]:
    return [draft(need, note, reader, TOLD) for need in needs(note, reader)]


def test_a_draft_says_what_the_note_says_of_it(reader: Reader) -> None:
    note = "下午去了柯桥的一家印染企业。最头疼的是定型机废气，油烟净化器装了两年就不行，投诉不断。要求油烟去除率不低于90%。预算八十万以内，明年六月前要用上。"
    (one,) = drafts(note, reader)
    assert one.title == "定型机废气，油烟净化器装了两年就不行"
    assert one.problem == note.partition("企业。")[2]
    assert [note[start:end] for start, end in one.places] == [one.problem]
    assert [(m.name, m.op, m.value, m.unit) for m in one.criteria] == [("油烟去除率", "≥", 90, "%")]
    assert (one.budget_min, one.budget_max) == (None, 80)
    assert one.deadline == date(2027, 5, 31)
    assert one.region == "330603"
    assert {tag.code[:3] for tag in one.industries} & {"C35", "N77", "M74"}


def test_what_is_not_said_is_not_filled_in(reader: Reader) -> None:
    (one,) = drafts("布面起毛，客户退了两批货，浆料换了三种都不行。", reader)
    assert one.criteria == ()
    assert (one.budget_max, one.deadline, one.region) == (None, None, None)


@pytest.mark.parametrize(
    ("said", "title"),
    [
        ("第二件事是中水回用，反渗透膜三个月就堵死。", "中水回用，反渗透膜三个月就堵死"),
        ("厂长抱怨，软包在交叉带上老是滚走。", "软包在交叉带上滚走"),
        ("他们还有个毛病，面单皱了扫不出来。", "面单皱了扫不出来"),
        ("现在最大的问题是低速转矩波动。", "低速转矩波动"),
        ("3、油封老化渗油。", "油封老化渗油"),
    ],
)
def test_a_title_is_without_speaker_and_filler(reader: Reader, said: str, title: str) -> None:
    assert [one.title for one in drafts(said, reader)] == [title]


def test_titles_are_short_and_never_empty(reader: Reader) -> None:
    for note in visit_notes():
        for one in drafts(note.text, reader):
            assert 2 <= len(one.title) <= LONGEST_TITLE


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("希望烧伤率压到千分之五以下", [("烧伤率", "≤", 5, "‰")]),
        ("想把回用率从五成做到七成以上", [("回用率", "≥", 70, "%")]),
        ("我们测齿槽转矩在2.1%左右，要求做到0.5%以下", [("齿槽转矩", "≤", 0.5, "%")]),
        ("预算六十万以内，一台不超过两万块", []),
        ("摩擦5000次水滴角就掉到90度以下", []),
    ],
)
def test_criteria_are_named_by_their_quantity(said: str, wanted: list[tuple[str, str, float, str]]) -> None:
    assert [(one.name, one.op, one.value, one.unit) for one in criteria(said)] == wanted
