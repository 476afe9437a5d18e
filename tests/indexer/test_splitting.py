"""A language model may say which sentences belong together; the words are always the note's."""

from __future__ import annotations

from typing import Any

import pytest

from indexer.interpreting import Endpoint, Interpreter, NotInterpreted
from indexer.reading import load_reader
from indexer.segmenter import Segmenter
from indexer.splitting import split
from indexer.words import Words
from tests.indexer.endpoints import saying, serving

NOTE = "喷丸以后弹簧老断。中午吃的面。钢丝换过两家。磨端面粉尘大，想上湿式除尘。"


def told(answer: Any) -> list[tuple[str, str]]:
    with serving(saying(answer)) as served:
        interpreter = Interpreter(load_reader(Words(Segmenter())), Endpoint(served.url, "judge-7b"))
        found = [(title, need.text) for title, need in split(interpreter, NOTE)]
        assert "中午吃的面" in served.asked[0]["messages"][1]["content"]
        return found


def test_numbers_and_titles_are_taken_from_its_answer() -> None:
    answer = {
        "needs": [
            {"title": "端面磨削湿式除尘", "sentences": [4]},
            {"title": "喷丸弹簧早期断裂", "sentences": [3, 1], "why": "不看"},
        ]
    }
    assert told(answer) == [
        ("喷丸弹簧早期断裂", "喷丸以后弹簧老断。钢丝换过两家。"),
        ("端面磨削湿式除尘", "磨端面粉尘大，想上湿式除尘。"),
    ]


def test_a_sentence_belongs_to_the_first_need_that_names_it() -> None:
    answer = {"needs": [{"title": "一", "sentences": [1, 3]}, {"title": "二", "sentences": [3]}]}
    assert told(answer) == [("一", "喷丸以后弹簧老断。钢丝换过两家。")]


@pytest.mark.parametrize(
    "answer",
    [
        {"needs": [{"title": "没有这一句", "sentences": [9]}]},
        {"needs": [{"title": "", "sentences": [1]}]},
        {"needs": [{"title": "长" * 41, "sentences": [1]}]},
        {"needs": "四个"},
        {},
        "我不知道",
    ],
)
def test_an_answer_of_another_shape_is_refused(answer: Any) -> None:
    with pytest.raises(NotInterpreted):
        told(answer)
