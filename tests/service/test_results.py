"""The results page: what is listed, counted, folded, sorted, narrowed, refined, and what it says where nothing fits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from bs4 import BeautifulSoup, Tag
from fastapi.testclient import TestClient

from corpus.metrics import Metric
from corpus.records import Achievement, Demand, Ip
from service.settings import Settings
from tests.service.test_pages import _site, asked, chips, link, page, save, search, store, titles, total, words

QUESTION = "无刷直流电机 噪声"


@pytest.fixture(scope="module")
def site(library: Any) -> Iterator[TestClient]:
    """The site over the sample library; tests only read it."""
    yield from _site(Settings(home=library))


@pytest.fixture
def own(tmp_path: Any) -> Iterator[TestClient]:
    yield from _site(Settings(home=tmp_path))


def every_page(site: TestClient, **question: Any) -> list[str]:
    """The titles of all pages, in order."""
    found = search(site, **question)
    listed = heads(found)
    while any(words(a) == "下一页" for a in found.select("nav.pages a")):
        found = page(site, link(found, "下一页"))
        listed += heads(found)
    return listed


def heads(found: BeautifulSoup) -> list[str]:
    return [words(a) for a in found.select(".hits h2 a")]


def values(found: BeautifulSoup, name: str) -> list[tuple[str, int, str]]:
    """The values of a facet that are links: label, count, where the link leads."""
    return [
        (
            words(value.a),
            int(words(value.select_one(".figure")).removesuffix("条").replace(",", "")),
            str(value.a["href"]),
        )
        for value in found.select(f"section[aria-labelledby=facet-{name}] .value")
        if isinstance(value.a, Tag)
    ]


NARROWINGS: list[dict[str, Any]] = [
    {"kind": "achievement"},
    {"kind": "achievement", "where": ["region=330000", "stage=mass", "stage=pilot"]},
    {"kind": "achievement", "q": QUESTION},
    {"kind": "achievement", "q": QUESTION, "where": ["region=杭州", "region=320000", "trl>=5"]},
    {"kind": "achievement", "q": QUESTION, "where": ["year=2023", "year=2024", "industry=C38"], "low": "1"},
    {"kind": "demand", "where": "industry=C"},
]


@pytest.mark.parametrize("question", NARROWINGS)
@pytest.mark.parametrize(
    "facet", ["industry", "stage", "trl", "region", "transfer_modes", "year", "organisation", "ip"]
)
def test_a_value_alone_lists_as_many_as_its_count(site: TestClient, question: dict[str, Any], facet: str) -> None:
    """Whichever values of the same facet are chosen: those are alternatives, and the count leaves them out."""
    conditions = [question["where"]] if isinstance(question.get("where"), str) else question.get("where", [])
    others = [one for one in conditions if not one.startswith(f"{facet}=")]
    offered = values(search(site, **question), facet)
    for _, count, leads in offered[:2] + offered[-2:]:
        added = next((one for one in reversed(asked(leads).get("where", [])) if one.startswith(f"{facet}=")), None)
        if added is None or added in conditions:
            continue
        alone = search(site, **(question | {"where": [*others, added]}))
        assert count > 0
        assert total(alone) == count


def test_several_values_of_one_facet_are_alternatives(site: TestClient) -> None:
    one = search(site, q=QUESTION, kind="achievement", where="region=320000")
    other = search(site, q=QUESTION, kind="achievement", where="region=340000")
    both = search(site, q=QUESTION, kind="achievement", where=["region=320000", "region=310000"])
    shanghai = search(site, q=QUESTION, kind="achievement", where="region=310000")
    assert total(both) == total(one) + total(shanghai)
    assert heads(other) != heads(one)
    assert chips(both) == "地区：江苏省 × 地区：上海市 × 全部去掉"


def test_a_finer_value_takes_the_place_of_the_one_it_lies_in_and_a_chosen_one_is_let_go(site: TestClient) -> None:
    found = search(site, q="电机", where=["region=330000", "region=320000"])
    leads = {label: leads for label, _, leads in values(found, "region")}
    assert asked(leads["杭州市"])["where"] == ["region=320000", "region=330100"]
    assert asked(leads["已选，去掉： 浙江省"])["where"] == ["region=320000"]
    assert asked(leads["上海市"])["where"] == ["region=330000", "region=320000", "region=310000"]


def test_the_tree_is_open_along_the_chosen_path(site: TestClient) -> None:
    found = search(site, kind="achievement", where="industry=C381")
    (opened,) = found.select("section[aria-labelledby=facet-industry] > ul > li > details[open]")
    assert words(opened.summary) == "制造业之下"
    chosen = opened.select_one(".is-chosen")
    assert "电机制造" in words(chosen)
    assert "电气机械和器材制造业" in words(opened)


def test_what_ranks_below_related_is_counted_and_listed_on_demand(site: TestClient) -> None:
    found = search(site, q=QUESTION, kind="achievement")
    below = re.search(r"另有 (\d+) 条相关度低", words(found.select_one(".count")))
    assert below
    everything = page(site, link(found, "一并列出"))
    assert total(everything) == total(found) + int(below[1]) == 320
    assert every_page(site, q=QUESTION, kind="achievement", low="1")[: total(found)] == every_page(
        site, q=QUESTION, kind="achievement"
    )


def test_narrowing_loses_no_related_record(site: TestClient) -> None:
    everywhere = every_page(site, q=QUESTION, kind="achievement")
    split = [
        title
        for where in ("region=330000", ["region=310000", "region=320000"], ["region=340000", "region=610000"])
        for title in every_page(site, q=QUESTION, kind="achievement", where=where)
    ]
    assert sorted(split) == sorted(everywhere)


def test_a_hit_says_what_a_firm_decides_by(site: TestClient) -> None:
    first = search(site, q=QUESTION, kind="achievement").select(".hit")[0]
    told = words(first)
    for piece in ("高度匹配", "甬江智驱科技公司（示例）", "宁波市", "2024 年", "35 万元"):
        assert piece in told
    assert re.search(r"知识产权 软件著作权 （授权）|知识产权 软件著作权（授权）", told)
    assert "面向高速吹风机" in words(first.select_one(".said"))
    why = first.select_one("details.why")
    assert why
    assert not why.has_attr("open")
    assert "共有词语" in words(why)
    assert "没有对照" in words(why)
    assert "0." not in told.replace(words(why), "").replace("0.5 秒", "").replace("0.5秒", "")


@pytest.mark.parametrize(
    ("order", "field"),
    [("new", lambda r: r.published_on and (r.published_on.year, r.published_on.month)), ("mature", lambda r: r.trl)],
)
@pytest.mark.parametrize("q", ["", QUESTION])
def test_sorting_puts_the_most_first_and_what_is_not_stated_last(
    site: TestClient, order: str, field: Any, q: str
) -> None:
    found = search(site, q=q, kind="achievement", order=order)
    ids = [int(str(a["href"]).rsplit("/", 1)[1]) for a in found.select(".hits h2 a")]
    stated = [field(store(site).get(id)) for id in ids]
    known = [value for value in stated if value is not None]
    assert known == sorted(known, reverse=True)
    assert stated == known + [None] * (len(stated) - len(known))
    assert words(found.select_one(".orders [aria-current]")) in ("最新发布", "成熟度")


def test_the_cheapest_comes_first(site: TestClient) -> None:
    ids = [
        int(str(a["href"]).rsplit("/", 1)[1])
        for a in search(site, kind="achievement", order="price").select(".hits h2 a")
    ]
    prices = [r.price_min if r.price_min is not None else r.price_max for r in map(store(site).get, ids)]  # type: ignore[attr-defined]
    assert prices == sorted(prices, key=lambda price: price or 0)
    assert None not in prices


def test_the_address_keeps_everything_from_page_to_page(site: TestClient) -> None:
    question: dict[str, Any] = {
        "q": "电机 噪声", "kind": "achievement", "where": "region=330000", "without": "马达",
        "order": "mature", "low": "1", "like": "18", "unlike": "3",
    }  # fmt: skip
    onward = asked(link(search(site, **question), "下一页"))
    assert onward == {name: [value] for name, value in question.items()} | {"page": ["2"]}


def test_the_same_thing_stands_on_one_card_that_opens(own: TestClient) -> None:
    patent = (Ip(kind="invention", number="ZL 2023 1 0123456.7"),)
    save(
        own,
        Achievement(source_id="1", title="磁悬浮压缩机转子", summary="磁悬浮压缩机转子的平衡", ip=patent),
        Achievement(source_id="2", title="压缩机磁轴承", summary="用于磁悬浮压缩机", ip=(Ip(kind="invention", number="202310123456.7"),)),
        Achievement(source_id="3", title="磁悬浮压缩机 转子", summary="另一处登记的磁悬浮压缩机"),
        Achievement(source_id="4", title="磁悬浮列车供电", summary="磁悬浮列车的供电"),
    )  # fmt: skip
    found = search(own, q="磁悬浮压缩机", low="1")
    cards = found.select(".hit")
    assert len(cards) == 2
    assert total(found) == 4
    assert words(cards[0].select_one(".folded summary")) == "+2 条相同或几乎相同"
    assert len(cards[0].select(".folded li a")) == 2
    assert not cards[1].select(".folded")
    assert len(search(own).select(".hit")) == 2


def test_liking_a_record_brings_what_is_like_it_and_can_be_taken_back(site: TestClient) -> None:
    before = search(site, q="涂层", kind="achievement")
    last = before.select(".hit")[-1]
    title = words(last.h2.a if last.h2 else None)
    liking = link(before, f"更像这个 ：{title}")
    after = page(site, liking)
    assert heads(after).index(title) < heads(before).index(title)
    assert f"由“{title}”补充" in words(after.select_one(".reading-of"))
    back = next(a for a in after.select(".chip-like"))
    assert asked(str(back["href"])) == {"q": ["涂层"], "kind": ["achievement"]}


def test_a_disliked_record_is_not_listed_again_and_counts_know(site: TestClient) -> None:
    before = search(site, q="涂层", kind="achievement")
    title = heads(before)[0]
    after = page(site, link(before, f"不要这类 ：{title}"))
    assert title not in every_page(
        site,
        **{name: one if len(one) > 1 else one[0] for name, one in asked(link(before, f"不要这类 ：{title}")).items()},
    )
    assert words(after.select_one(".chip-unlike")).startswith("不要：")


def test_where_a_condition_costs_everything_the_page_says_what_each_would_give(site: TestClient) -> None:
    found = search(site, q="无刷直流电机", kind="achievement", where=["region=610000", "trl=9", "year<=2021"])
    assert "没有找到" in words(found.h1)
    offers = [(words(a), str(a["href"])) for a in found.select(".empty .chip")]
    assert offers
    for told, leads in offers:
        assert total(page(site, leads)) == int(told.split("：")[1].split()[0])
    assert len({told for told, _ in offers}) == len(offers)
    browsed = search(site, kind="achievement", where=["region=610000", "stage=rd", "year<=2021"])
    for a in browsed.select(".empty .chip"):
        assert total(page(site, str(a["href"]))) == int(words(a).split("：")[1].split()[0])


def test_where_nothing_is_related_the_nearest_are_shown_as_such(site: TestClient) -> None:
    found = search(site, q="芝士", kind="achievement")
    assert "没有找到合适的成果" in words(found.h1)
    assert "最接近的 5 条" in words(found.select_one(".nearest"))
    assert {words(band) for band in found.select(".nearest .band")} == {"相关度低"}
    assert not found.select("nav.pages")
    assert link(found, "把这个难题登记为需求") == f"/demands/new?text={quote('芝士')}"


def test_scores_without_bands_list_the_first_two_hundred_and_say_so(tmp_path: Any, library: Any) -> None:
    import shutil

    from indexer.fusion import Fusion
    from service.installation import Installation

    home = shutil.copytree(library, tmp_path / "home")
    with Installation(Settings(home=home)) as opened:
        assert opened.index.encoder
        Fusion(model=opened.index.encoder.fingerprint).write(home)
    for site in _site(Settings(home=home)):
        found = search(site, q="电机 噪声")
        assert "按得分列出前 200 条" in words(found.select_one(".count"))
        assert "只数前 200 条" in words(found.aside)


def test_what_stands_in_any_field_comes_out_as_text(own: TestClient) -> None:
    script = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
    mean: dict[str, Any] = {
        "title": script, "organisation": script, "keywords": (script,), "summary": script, "body": script,
        "advantages": script, "compared_with": script, "scenarios": (script,), "registration_no": script,
        "trl_evidence": script, "ipc": (script,), "inventors": (script,), "co_owners": (script,),
        "evaluation_level": script, "source_url": f"javascript:{script}",
        "ip": (Ip(kind="invention", number=script),), "metrics": (Metric(name=script, text=script),),
    }  # fmt: skip
    need = Demand(title=f"需求{script}", problem=script, background=script, tried=script, public_summary=script, solver_requirements=script, exclude_orgs=(script,))  # fmt: skip
    ids = save(own, Achievement(**mean), need)
    question = f"{script} 电机"
    for address in ("/", "/search", f"/search?q={question}&low=1&without={script}&like={ids[0]}", f"/search?where=organisation={script}", *(f"/records/{id}" for id in ids)):  # fmt: skip
        found = page(own, address)
        assert not found.select("img")
        assert all(str(tag.get("src", "")).startswith("/static/") for tag in found.select("script"))
        assert not [a for a in found.select("a[href]") if str(a["href"]).startswith("javascript:")]
        assert "alert(1)" in words(found.main) or address == "/"


def test_every_link_and_form_of_a_results_page_leads_somewhere(site: TestClient) -> None:
    for address in ("/", "/search?q=无刷直流电机 噪声&kind=achievement", "/search?q=芝士&kind=achievement"):
        found = page(site, address)
        leads = {str(a["href"]).partition("#")[0] for a in found.select("a[href]")} - {""}
        assert leads
        for lead in sorted(leads):
            assert site.get(lead).status_code == 200, lead
        for form in found.select("form"):
            assert site.get(str(form["action"])).status_code == 200
        here = {str(a["href"])[1:] for a in found.select("a[href^='#']")}
        assert here <= {str(tag["id"]) for tag in found.select("[id]")}
        assert titles(found)
