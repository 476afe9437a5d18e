"""The thesaurus as an operator meets it: looked up, added to and taken from, on the page, by command and by program."""

from __future__ import annotations

from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from fastapi.testclient import TestClient

from indexer.reading import load_reader
from indexer.thesaurus import OWN, LineNotUnderstood, add_line, own_lines, shipped_thesaurus
from service.answers import search
from service.app import create_app
from service.installation import Installation
from service.settings import Settings
from service.viewer import MACHINE
from tests.indexer.endpoints import GOOD, Served, saying, serving
from tests.service.conftest import Run, form

SAID, TERMS = "一夜就凉、暖瓶不保温", "真空绝热、漏热率"
LINE = f"{SAID} → {TERMS}"


def page(client: TestClient, address: str = "/thesaurus") -> BeautifulSoup:
    answer = client.get(address)
    assert answer.status_code == 200
    return BeautifulSoup(answer.text, "html.parser")


def words(found: BeautifulSoup) -> str:
    assert found.main
    return " ".join(found.main.get_text(" ", strip=True).split())


def added(installation: Installation, text: str) -> dict[str, str]:
    """The words that a question is widened by, each with the wording that brought it in."""
    return {
        term.word: term.origin
        for term in search(installation, text, viewer=MACHINE).reading.terms
        if term.origin != "text"
    }


def test_a_word_is_looked_up_however_it_is_written(client: TestClient) -> None:
    found = page(client, "/thesaurus?q=布面起毛")
    assert "C1711 棉纺纱加工" in words(found)
    assert "毛羽指数" in words(found)
    assert words(page(client, "/thesaurus?q=Lyocell")) == words(page(client, "/thesaurus?q=ＬＹＯＣＥＬＬ")).replace(
        "ＬＹＯＣＥＬＬ", "Lyocell"
    )


def test_many_lines_are_counted_and_the_first_shown(client: TestClient) -> None:
    holding = len(shipped_thesaurus().holding("水"))
    found = page(client, "/thesaurus?q=水")
    assert holding > 100
    assert f"共 {holding:,} 条，这里是前 100 条" in words(found)
    assert len(found.select(".found .senses li")) == 100


def test_nothing_found_leads_to_the_form_with_the_word_in_it(client: TestClient) -> None:
    found = page(client, "/thesaurus?q=子虚乌有")
    assert "没有写有“子虚乌有”的叙词" in words(found)
    assert found.select("input#said")[0]["value"] == "子虚乌有"


def test_a_line_works_with_the_next_search_in_every_process_and_no_longer_once_removed(
    client: TestClient, installation: Installation
) -> None:
    with Installation(Settings(home=installation.settings.home)) as elsewhere:
        assert added(elsewhere, "暖瓶不保温") == {}
        answer = client.post("/thesaurus", data=form(client, said=SAID, terms=TERMS), follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, "/thesaurus?done=added#own")
        assert added(installation, "暖瓶不保温")["漏热率"] == "暖瓶不保温"
        assert added(elsewhere, "暖瓶不保温")["漏热率"] == "暖瓶不保温"
        own = page(client, "/thesaurus?done=added")
        assert "已加入" in words(own)
        assert "查找时用：真空、绝热、漏热率" in words(own)
        line = own.select("input[name=line]")[0]["value"]
        assert client.post("/thesaurus/remove", data=form(client, line=str(line))).status_code == 200
        assert added(elsewhere, "暖瓶不保温") == {}
        assert "还没有" in words(page(client))


def test_what_is_muted_or_made_a_synonym_is_heard_of_at_once(installation: Installation) -> None:
    home = installation.settings.home
    (home / "synonyms.txt").write_text("暖瓶、热水瓶\n", "utf-8")
    assert added(installation, "暖瓶") == {"水瓶": "暖瓶"} or "热水瓶" in added(installation, "暖瓶")
    (home / "muted.txt").write_text("暖瓶\n", "utf-8")
    assert "暖瓶" not in search(installation, "暖瓶 漏气", viewer=MACHINE).reading.words


def test_a_language_model_is_handed_the_lists_as_they_are_now(tmp_path: Path) -> None:
    with serving(saying(GOOD)) as served, _with_model(tmp_path, served) as installation:
        assert installation.read("暖瓶不保温").reader == "judge-7b"
        add_line(tmp_path, LINE)
        assert "漏热率" in {term.word for term in installation.read("暖瓶不保温").terms}


def _with_model(home: Path, served: Served) -> Installation:
    return Installation(Settings(home=home, llm_url=served.url, llm_model="judge-7b"))


def test_own_lines_are_heard_before_those_of_the_package(installation: Installation) -> None:
    add_line(installation.settings.home, "跑偏 → 纠偏控制器")
    heard = [
        term.origin for term in search(installation, "皮带跑偏", viewer=MACHINE).reading.terms if " → " in term.entry
    ]
    assert heard[0] == "跑偏"


@pytest.mark.parametrize(
    ("said", "terms", "reason"),
    [
        ("吵", "噪声", "单个字的说法"),
        ("", "噪声", "箭头左边是空的"),
        ("嗡嗡响", " ", "箭头右边是空的"),
        ("C#程序慢", "优化", "不能有 #"),
        ("[C1711] 断头", "条干", "开头的方括号"),
        ("嗡嗡响", "噪" * 31, "最多 30 字"),
        ("嗡嗡\0响", "噪声", "看不见的字符"),
        ("<script>alert(1)</script> → 甲", "乙", "一个箭头"),
    ],
)
def test_what_is_no_line_is_told_beside_the_form_and_kept(
    client: TestClient, home: Path, said: str, terms: str, reason: str
) -> None:
    answer = client.post("/thesaurus", data=form(client, said=said, terms=terms))
    found = BeautifulSoup(answer.text, "html.parser")
    assert answer.status_code == 400
    assert reason in found.select("[role=alert]")[0].get_text()
    assert found.select("input#terms")[0]["value"] == terms
    assert [script.get("src") for script in found.select("script")] == ["/static/duijie.js"]
    assert own_lines(home) == []


def test_a_line_is_one_line_whatever_is_sent(home: Path) -> None:
    add_line(home, "暖瓶\n不保温 → 真空\r\n绝热")
    assert own_lines(home) == ["暖瓶 不保温 → 真空 绝热"]
    with pytest.raises(LineNotUnderstood):
        add_line(home, "暖瓶\u200b漏 → 真空")


def test_a_foreign_page_changes_nothing(client: TestClient, home: Path) -> None:
    for address, sent in (("/thesaurus", {"said": SAID, "terms": TERMS}), ("/thesaurus/remove", {"line": LINE})):
        answer = client.post(address, data=form(client, **sent), headers={"Origin": "http://elsewhere.example"})
        assert answer.status_code == 403
    assert not (home / OWN).exists()


def test_refused_lines_are_told_with_their_place(client: TestClient, run: Run, home: Path) -> None:
    (home / OWN).write_text(f"{LINE}\n没有箭头\n", "utf-8")
    assert "thesaurus.txt 第 2 行" in words(page(client))
    (refused,) = client.get("/api/v1/thesaurus").json()["refused"]
    assert (refused["file"], refused["line"]) == (OWN, 2)
    assert "thesaurus.txt 第 2 行没有用上：“没有箭头”不是一条叙词" in run("thesaurus").err
    doctor = run("doctor")
    assert "其中自己的 1 条，1 行读不出" in doctor.out
    assert "改正 thesaurus.txt 第 2 行" in doctor.out


def test_a_list_that_is_no_text_is_told_on_the_page(client: TestClient, home: Path) -> None:
    (home / OWN).write_bytes(b"\xff\xfe\x00\xff")
    assert client.get("/thesaurus").status_code == 400
    assert "thesaurus.txt 不是文本文件" in client.get("/search?q=电机").text


def test_the_command_adds_shows_and_removes(run: Run, home: Path) -> None:
    assert "还没有自己的叙词" in run("thesaurus").out
    assert run("thesaurus", "--add", "暖瓶不保温,一夜就凉->真空绝热").out == "已加入：暖瓶不保温、一夜就凉 → 真空绝热\n"
    assert "暖瓶不保温、一夜就凉 → 真空绝热" in run("thesaurus").out
    assert "棉纺纱加工" in run("thesaurus", "布面起毛").out
    assert "没有一条叙词写有" in run("thesaurus", "子虚乌有").out
    assert run("thesaurus", "--remove", "暖瓶不保温、一夜就凉 → 真空绝热").code == 0
    assert own_lines(home) == []
    again = run("thesaurus", "--remove", "暖瓶不保温、一夜就凉 → 真空绝热")
    assert (again.code, "没有去掉什么" in again.err) == (2, True)
    assert run("thesaurus", "--add", "没有箭头").code == 2


def test_programs_read_the_same_by_command_and_by_http(run: Run, client: TestClient, home: Path) -> None:
    add_line(home, LINE)
    answer = client.get("/api/v1/thesaurus", params={"q": "漏热率"}).json()
    assert answer == run("thesaurus", "漏热率", "--json").json
    mine = [line for line in answer["lines"] if line["own"]]
    assert mine == [{"said": SAID.split("、"), "terms": TERMS.split("、"), "code": "", "name": "", "own": True}]
    assert client.get("/api/v1/thesaurus").json()["total"] == 1
    filed = client.get("/api/v1/thesaurus", params={"q": "布面起毛"}).json()["lines"][0]
    assert (filed["code"], filed["name"], filed["own"]) == ("C1711", "棉纺纱加工", False)


def test_every_line_of_the_package_can_be_read() -> None:
    assert not shipped_thesaurus().refused


def test_the_lines_of_the_package_are_made_ready_once(installation: Installation) -> None:
    words, home = installation.index.words, installation.settings.home
    add_line(home, LINE)
    assert load_reader(words).hearing._after is load_reader(words, home).hearing._after


def test_the_site_of_an_installation_without_lines_helps(tmp_path: Path) -> None:
    with TestClient(create_app(Installation(Settings(home=tmp_path))), base_url="http://127.0.0.1") as client:
        assert "加一条" in words(page(client))
