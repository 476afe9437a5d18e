"""The site, read as a person reads it: by what its pages say, not by how they are marked up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import html5lib
import pytest
from bs4 import BeautifulSoup, Tag
from fastapi.testclient import TestClient

from corpus.records import Achievement, Demand, Record
from corpus.store import Store
from indexer.fusion import MODES, Bands, Fusion
from service.app import create_app
from service.installation import Installation
from service.settings import Settings
from service.templating import address
from tests.indexer.endpoints import GOOD, saying, serving
from tests.service.conftest import Run

SCRIPT = "<script>alert('对接')</script>"


@pytest.fixture(scope="module")
def site(library: Path) -> Iterator[TestClient]:
    """The site over the sample library; tests only read it."""
    yield from _site(Settings(home=library))


@pytest.fixture
def own(tmp_path: Path) -> Iterator[TestClient]:
    """A site with an empty library, for tests that fill it."""
    yield from _site(Settings(home=tmp_path))


def _site(settings: Settings) -> Iterator[TestClient]:
    with TestClient(
        create_app(Installation(settings)), base_url="http://127.0.0.1", raise_server_exceptions=False
    ) as client:
        yield client


def page(client: TestClient, address: str, status: int = 200) -> BeautifulSoup:
    answer = client.get(address)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    return BeautifulSoup(answer.text, "html.parser")


def search(client: TestClient, status: int = 200, **asked: Any) -> BeautifulSoup:
    return page(client, address("/search", **asked), status)


def store(client: TestClient) -> Store:
    opened: Installation = client.app.state.installation  # type: ignore[attr-defined]
    return opened.store


def save(client: TestClient, *records: Record) -> list[int]:
    saved = store(client).save([replace(r, source="test", source_id=r.source_id or r.title) for r in records])
    return [record.id for record in saved.records]


def words(found: BeautifulSoup | Tag | None) -> str:
    assert found is not None
    return " ".join(found.get_text(" ", strip=True).split())


def titles(found: BeautifulSoup) -> list[str]:
    return [words(link) for link in found.select("main a[href^='/records/']")]


def link(found: BeautifulSoup, label: str) -> str:
    """Where the link goes that is called so, by its label or its words."""
    for a in found.select("a[href]"):
        if label in (a.get("aria-label"), words(a)):
            return str(a["href"])
    raise AssertionError(f"no link {label}")


def asked(address: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(address).query)


def chips(found: BeautifulSoup) -> str:
    return words(found.select_one("[aria-label='正在使用的筛选条件']"))


def total(found: BeautifulSoup) -> int:
    """How many records the page says there are."""
    return int("".join(filter(str.isdigit, words(found.select_one(".count")).split("条")[0])))


def test_front_page_offers_a_box_examples_and_what_the_library_holds(site: TestClient) -> None:
    home = page(site, "/")
    assert home.html is not None
    assert home.html["lang"] == "zh-CN"
    assert home.select_one("label[for=q]")
    assert home.select_one("textarea#q[name=q]")
    ledger = {words(one.dt): words(one.dd) for one in home.select(".ledger > div")}
    assert ledger == {"科技成果": "320", "技术需求": "85", "行业门类（46 个大类）": "12", "近七天新收": "405"}
    assert len(titles(home)) == 8
    example = link(home, "SiC MOSFET")
    assert asked(example) == {"q": ["SiC MOSFET"], "kind": ["achievement"]}
    assert titles(page(site, example))


def test_the_ways_through_the_library_lead_to_as_many_as_they_count(site: TestClient) -> None:
    home = page(site, "/")
    ways = list(home.select(".way li"))
    assert {words(li.a) for li in ways} >= {"制造业", "中试", "浙江省"}
    for li in ways[:3] + ways[-3:]:
        assert li.a
        assert total(page(site, str(li.a["href"]))) == int(words(li.select_one(".figure")).split()[0])


def test_empty_library_says_which_command_fills_it(own: TestClient) -> None:
    assert "duijie import" in words(page(own, "/").main)
    assert "库里还没有成果" in words(page(own, "/search?kind=achievement").main)


def test_search_shows_hits_with_their_own_words_marked(site: TestClient) -> None:
    found = search(site, q="无刷直流电机 噪声", kind="achievement")
    first = found.select("article")[0]
    assert "无刷电机" in words(first)
    assert "甬江智驱科技公司" in words(first)
    assert "成熟度 可以量产， TRL 9" in words(first)
    assert "35 万元" in words(first)
    assert "无刷直流电机" in [words(mark) for mark in first.select("mark")]
    assert "词语" in words(first.select_one("details"))
    assert "语义" in words(first.select_one("details"))


def test_the_reading_is_shown_and_a_word_can_be_left_out_and_taken_back(site: TestClient) -> None:
    found = search(site, q="SiC MOSFET 噪声")
    reading = found.select_one(".reading-of")
    assert "型号代号 SiC" in words(reading)
    assert "碳化硅" in words(reading)
    assert "词语 噪声" in words(reading)
    without = link(found, "去掉“噪声” ×")
    assert asked(without)["without"] == ["噪声"]
    left = page(site, without)
    assert "词语 噪声" not in words(left.select_one(".reading-of"))
    assert "噪声" not in [words(mark) for mark in left.select("mark")]
    assert asked(link(left, "放回“噪声”")) == {"q": ["SiC MOSFET 噪声"]}


STORY = "皮带跑偏，要求断头率≤2%。公司成立于1998年，注册资本500万元。预算30万元以内。"


def test_the_words_that_a_wording_joins_stand_under_it_and_can_be_taken_out_together(site: TestClient) -> None:
    found = search(site, q=STORY)
    reading = found.select_one(".reading-of")
    assert "由“皮带跑偏”联想" in words(reading)
    (line,) = {str(term["title"]) for term in found.select(".term[title]") if "纠偏" in words(term)}
    assert "皮带跑偏" in line
    assert " → " in line
    together = link(found, "去掉“皮带跑偏”联想的词 ×")
    assert asked(together)["without"] == ["皮带跑偏"]
    left = words(page(site, together).select_one(".reading-of"))
    assert "由“皮带跑偏”联想" not in left
    assert "词语 皮带" in left


def test_what_was_understood_and_what_was_left_out_is_told(site: TestClient) -> None:
    reading = search(site, q=STORY).select_one(".reading-of")
    assert reading is not None
    assert "指标 要求断头率≤2%" in words(reading)
    assert "连续搬运设备制造" in [words(tag).partition(" ")[2] for tag in reading.select(".tag")]
    left_out = reading.select_one("details.left-out")
    assert "没有用来查找的话" in words(left_out)
    assert "公司成立于1998年" in words(left_out)
    assert "预算30万元以内" in words(left_out)


@pytest.fixture
def banded(home: Path) -> Path:
    """An installation whose scores were calibrated: what is found by its very name is a strong match, others hardly."""
    with Installation(Settings(home=home)) as opened:
        assert opened.index.encoder
        bands = Bands(strong=0.5, possible=0.3, weak=0.1)
        Fusion(bands=dict.fromkeys(MODES, bands), model=opened.index.encoder.fingerprint).write(home)
    return home


def test_each_hit_says_how_good_a_match_it_is(banded: Path) -> None:
    for site in _site(Settings(home=banded)):
        found = search(site, q="无刷直流电机 噪声", kind="achievement")
        bands = [words(band) for band in found.select("article .band")]
        assert len(bands) == 10
        assert bands[0] == "高度匹配"
        assert set(bands) <= {"高度匹配", "可能匹配", "相关", "相关度低"}
        assert bands == sorted(bands, key=["高度匹配", "可能匹配", "相关", "相关度低"].index)
        assert "没有找到高度匹配" not in words(found.main)
        assert len(page(site, "/records/321").select(".matches .band")) == 5
        assert "得分不低于 0.500" in words(page(site, "/about").main)
        hit = site.get("/api/v1/search", params={"q": "无刷直流电机 噪声"}).json()["hits"][0]
        assert hit["band"] == "strong"


def test_the_command_says_the_band_and_why_it_was_read_by_rule(
    banded: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert banded.exists()
    assert "  高度匹配\n" in run("search", "无刷直流电机 噪声").out
    monkeypatch.setenv("DUIJIE_LLM_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("DUIJIE_LLM_MODEL", "judge-7b")
    answer = run("match", "--text", "无刷直流电机 噪声")
    assert "已按规则读取" in answer.err
    assert "高度匹配" in answer.out


def test_where_nothing_fits_well_the_page_says_so_once(banded: Path) -> None:
    for site in _site(Settings(home=banded)):
        for question in ("芝士", "夜里客人投诉"):
            notices = search(site, q=question).select(".results > .notice")
            assert len(notices) == 1
        assert "没有找到高度匹配的记录" in words(notices[0])


def test_scores_that_nobody_calibrated_have_no_band(home: Path) -> None:
    (home / "ranking.json").write_text('{"weights": {}, "bands": {}, "model": null}', "utf-8")
    with Installation(Settings(home=home)) as opened:
        assert opened.index.encoder
        Fusion(model=opened.index.encoder.fingerprint).write(home)
    for site in _site(Settings(home=home)):
        told = words(page(site, "/about").main)
        assert ("还没有校准" in told) is not bool(search(site, q="电机").select(".band"))


def test_with_a_language_model_the_pages_say_where_questions_go(home: Path) -> None:
    with serving(saying(GOOD)) as served:
        for site in _site(Settings(home=home, llm_url=served.url, llm_model="judge-7b")):
            found = search(site, q="电机噪声")
            assert "语言模型 judge-7b 补充" in words(found.select_one(".reading-of"))
            assert "需求大意" in words(found.select_one(".reading-of"))
            assert "只在这台机器上处理" not in words(found.footer)
            told = words(page(site, "/about").main)
            assert "语言模型 judge-7b" in told
            assert "不发往别处" not in told
    for site in _site(Settings(home=home, llm_url="http://127.0.0.1:9/v1", llm_model="judge-7b")):
        assert "已按规则读取" in words(search(site, q="电机噪声").select_one(".reading-of .notice"))
    for site in _site(Settings(home=home)):
        assert "只在这台机器上处理" in words(page(site, "/").footer)
        assert "不发往别处" in words(page(site, "/about").main)


def test_conditions_are_shown_in_chinese_and_can_be_dropped(site: TestClient) -> None:
    found = search(site, q="电机", kind="achievement", where=["region=杭州", "trl=5..9"], without="马达")
    assert chips(found) == "地区：杭州市 × 技术就绪度 5–9 × 全部去掉"
    dropped = asked(link(found, "去掉条件“地区：杭州市”"))
    assert dropped == {"q": ["电机"], "kind": ["achievement"], "where": ["trl=5..9"], "without": ["马达"]}


def test_turning_pages_keeps_what_was_asked(site: TestClient) -> None:
    question = {"q": "电机 噪声", "kind": "achievement", "where": "region=330000", "without": "马达"}
    first = page(site, address("/search", **question))
    onward = link(first, "下一页")
    kept = {name: [value] for name, value in question.items()}
    assert asked(onward) == {**kept, "page": ["2"]}
    second = page(site, onward)
    assert len(titles(second)) == 10
    assert not set(titles(first)) & set(titles(second))
    assert asked(link(second, "上一页")) == kept


@pytest.mark.parametrize("number", ["0", "-3", "abc", "", "²"])
def test_a_page_number_that_is_none_means_the_first(site: TestClient, number: str) -> None:
    found = search(site, q="电机", page=number)
    assert "第 1 页" in words(found.select_one(".count"))


def test_a_page_beyond_the_last_shows_the_way_back(site: TestClient) -> None:
    assert asked(link(search(site, q="电机", page="99"), "回到第 1 页")) == {"q": ["电机"]}


@pytest.mark.parametrize(
    ("condition", "sentence"),
    [
        ("colour=red", "没有名为“colour”的字段"),
        ("region", "看不懂筛选条件“region”"),
        ("region=亚特兰蒂斯", "“地区”不认识“亚特兰蒂斯”"),
        (f"region={SCRIPT}", "不认识"),
    ],
)
def test_an_unreadable_condition_is_told_with_a_way_on(site: TestClient, condition: str, sentence: str) -> None:
    found = search(site, 400, q="电机", where=[condition, "trl>=5"])
    assert sentence in words(found.select_one("[role=alert]"))
    assert asked(link(found, f"去掉条件“{condition}”")) == {"q": ["电机"], "where": ["trl>=5"]}


def test_an_unknown_kind_or_mode_is_told(site: TestClient) -> None:
    assert "“类型”不认识“expert”" in words(search(site, 400, q="电机", kind="expert").main)
    assert "“检索方式”不认识“magic”" in words(search(site, 400, q="电机", mode="magic").main)


def test_nothing_found_says_what_to_try(site: TestClient) -> None:
    found = search(site, q="电机", where="year<=1900", mode="keyword")
    assert "没有找到" in words(found.h1)
    (relaxed,) = found.select(".empty .chip")
    assert words(relaxed) == "不限年份： 44 条"
    assert asked(str(relaxed["href"])) == {"q": ["电机"], "mode": ["keyword"]}
    assert asked(link(found, "改用综合检索")) == {"q": ["电机"], "where": ["year<=1900"]}


def test_near_meaning_is_not_passed_off_as_a_match(site: TestClient) -> None:
    assert "只是语义相近" in words(search(site, q="芝士", mode="semantic").main)


def test_a_pasted_page_is_carried_once_and_still_narrows(site: TestClient) -> None:
    story = "车间里的电机一加速就尖叫，换过轴承也没有用。" * 40
    answer = site.get("/search", params={"q": story})
    assert len(answer.content) < 150_000
    found = BeautifulSoup(answer.text, "html.parser")
    form = found.select_one("form#state")
    assert form is not None
    carried = [(str(field["name"]), str(field["value"])) for field in form.select("input")]
    button = found.select_one("#facets button[form=state][name=where]")
    assert button is not None
    narrowed = page(site, address("/search", **dict(carried), where=str(button["value"])))
    assert f"：{words(button)} ×" in chips(narrowed)


def test_what_people_write_comes_out_as_text(own: TestClient) -> None:
    mean = Achievement(
        title=f"{SCRIPT}电机",
        summary=f"电机{SCRIPT}降噪",
        organisation=SCRIPT,
        keywords=(SCRIPT,),
        source_url="javascript:alert(1)",
    )
    (id,) = save(own, mean)
    question: dict[str, Any] = {"q": f"电机 {SCRIPT}", "without": f"{SCRIPT}x", "kind": "achievement"}
    for found in (page(own, address("/search", **question)), page(own, f"/records/{id}"), page(own, "/")):
        assert SCRIPT in words(found.main)
        assert [script.get("src") for script in found.select("script")] in (
            ["/static/duijie.js"],
            ["/static/duijie.js", "/static/results.js"],
        )
        assert not found.select("[style], [onclick], [onerror], a[href^='javascript:']")


def test_without_a_model_the_page_says_that_it_goes_by_keywords(home: Path) -> None:
    for site in _site(Settings(home=home, model="/nonexistent")):
        found = search(site, q="无刷直流电机 噪声")
        assert "现在只按关键词检索" in words(found.select_one("[role=status]"))
        assert titles(found)
        assert "现在只按关键词检索" in words(page(site, "/about").main)
        assert "现在只按关键词检索" in words(page(site, "/records/1").main)


def test_a_record_shows_what_is_stated_in_the_words_of_the_form(site: TestClient) -> None:
    held = store(site).find("achievement", "sample", "M-A03")
    assert held is not None
    found = page(site, f"/records/{held.id}")
    assert words(found.h1) == "800 V平台扁线驱动电机耐电晕绝缘结构"
    form = {words(line.dt): words(line.dd) for line in found.select("article.sheet dl.form > div")}
    assert form["所处阶段"] == "已有样品"
    assert form["技术就绪度"] == "6 级（相关环境演示）"
    assert form["价格"].startswith("200")
    assert form["完成日期"] == "2024年12月10日"
    assert form["行业"].startswith("电机制造 C3812")
    assert form["知识产权"].startswith("发明专利，授权")
    assert "局部放电起始电压 ≥ 1,500 V" in words(found.select_one("table.indicators"))
    assert list(form)[:3] == ["成果简介", "详细介绍", "对比现有技术"]


def test_a_record_never_shows_what_is_confidential(own: TestClient) -> None:
    need = Demand(title="电机噪声大", problem="低档尖叫", contact="王工 13800001234", private_detail="给某车厂配套")
    offer = Achievement(title="电机降噪", summary="抑制电机噪声", contact="李老师 0571-88")
    ids = save(own, need, offer)
    for shown in (*(f"/records/{id}" for id in ids), "/search?q=电机噪声", "/search", "/"):
        text = own.get(shown).text
        assert not any(secret in text for secret in ("13800001234", "某车厂", "0571-88"))


def test_a_record_names_the_key_fields_that_are_not_stated(own: TestClient) -> None:
    offer = Achievement(title="电机降噪", summary="抑制电机噪声", trl=6, price_max=30)
    (id,) = save(own, offer)
    told = words(page(own, f"/records/{id}").select_one(".missing"))
    assert "技术指标" in told
    assert "转化方式" in told
    assert "技术就绪度" not in told
    assert "价格" not in told


def test_a_record_is_put_beside_the_other_side_point_by_point(site: TestClient) -> None:
    held = store(site).find("demand", "sample", "M-D01")
    assert held is not None
    matches = page(site, f"/records/{held.id}").select_one("section.matches")
    assert matches is not None
    assert words(matches.h2) == "可能对接的成果"
    offers = matches.select("article")
    assert len(offers) == 5
    compared = [words(row.th) for row in offers[0].select("details tr") if row.th]
    assert {"词语", "技术指标", "成熟度", "地区"} <= set(compared)


def test_what_is_not_there_is_told_with_ways_on(site: TestClient) -> None:
    missing = page(site, "/records/99999", 404)
    assert "没有编号为 99999 的记录" in words(missing.main)
    assert missing.select_one("textarea#q")
    assert "没有编号为" in words(page(site, f"/records/{10**20}", 404).main)
    for nowhere in ("/nowhere", "/records/abc", "/records/-1"):
        assert "这个地址没有内容" in words(page(site, nowhere, 404).main)


def test_about_leads_through_its_parts_and_its_examples_find_something(site: TestClient) -> None:
    found = page(site, "/about")
    contents = found.select("nav.contents a")
    assert [words(link) for link in contents] == [words(head) for head in found.select("article > h2")]
    assert all(found.select_one(str(link["href"])) for link in contents)
    examples = [str(link["href"]) for link in found.select(".asked a")]
    assert examples
    for example in examples:
        assert titles(page(site, example))
    assert "匹配中 → 待答复" in words(found.main)


def test_about_tells_the_comparisons_from_their_own_sentences(site: TestClient) -> None:
    told = words(page(site, "/about").main)
    assert "成果的技术就绪度是否达到需求的最低要求" in told
    assert "未说明" in told


@pytest.mark.parametrize(
    "address",
    [
        "/",
        "/search",
        "/search?q=电机",
        "/records/1",
        "/map",
        "/visit-note",
        "/about",
        "/thesaurus",
        "/thesaurus?q=电机",
        "/nowhere",
    ],
)
def test_every_page_has_its_landmarks_and_asks_no_other_host(site: TestClient, address: str) -> None:
    found = BeautifulSoup(site.get(address).text, "html.parser")
    assert len(found.select("h1")) == 1
    assert len(found.select("main#main")) == 1
    assert found.select_one("a.skip[href='#main']")
    assert found.header
    assert found.nav
    assert found.footer
    held = [str(tag.get("src") or tag.get("href")) for tag in found.select("[src], link[href]:not([rel=canonical])")]
    assert held
    assert all(site.get(address).status_code == 200 for address in held)
    assert all(address.startswith("/static/") for address in held)
    ids = [tag["id"] for tag in found.select("[id]")]
    assert len(ids) == len(set(ids))
    named = {str(label["for"]) for label in found.select("label[for]")}
    fields = found.select("select, textarea, input:not([type=hidden])")
    assert all(field.get("id") in named or field.find_parent("label") for field in fields)


@pytest.mark.parametrize(
    "address",
    [
        "/",
        "/search",
        "/search?kind=achievement&q=无刷直流电机 噪声&where=region=330000&like=18&unlike=3",
        "/search?q=芝士&kind=achievement",
        "/search?q=电机&where=region=亚特兰蒂斯",
        f"/search?q={'车间里的电机一加速就尖叫，换过轴承也没有用。' * 5}",
        "/records/1",
        "/records/321",
        "/map",
        "/about",
        "/thesaurus?q=起毛",
        "/visit-note?example=1",
        "/sign-in",
        "/nowhere",
    ],
)
def test_every_page_is_valid_html(site: TestClient, address: str) -> None:
    html5lib.HTMLParser(strict=True).parse(site.get(address).text)  # raises what is wrong


def test_a_results_page_is_light(site: TestClient) -> None:
    asked = "/search?q=无刷直流电机 噪声"
    parts = [str(tag.get("src") or tag.get("href")) for tag in page(site, asked).select("[src], link[href]")]
    assert len(parts) >= 5
    answers = [site.get(part) for part in (asked, *parts)]
    assert sum(len(answer.content) for answer in answers) < 150_000
