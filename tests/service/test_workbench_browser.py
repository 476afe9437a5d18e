"""A broker's day in a real Chromium: from a suggestion to a landing, by keys and by forms, with the connection lost on the way."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route

from corpus.accounts import Account
from service.access import SESSION
from service.installation import Installation
from service.settings import Settings
from service.suggesting import follow
from tests.service.browsing import needs_chromium, served
from tests.service.conftest import PASSWORD

pytestmark = needs_chromium
DEMANDS = 3
"""Of the sample library, those that suggestions are made for."""


@pytest.fixture(scope="module")
def opened(library: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """The sample library with a broker, and suggestions for its first demands."""
    home = shutil.copytree(library, tmp_path_factory.mktemp("bench") / "home")
    with Installation(Settings(home=home)) as installation:
        installation.accounts.add("lin", PASSWORD, role="broker", name="林经纪")
        installation.accounts.add("boss", PASSWORD, role="operator", name="管理员")
        asked = count()
        follow(installation, give_way=lambda: next(asked) < DEMANDS)
        yield installation


@pytest.fixture(scope="module")
def address(opened: Installation) -> Iterator[str]:
    """A server over it."""
    with served(opened) as address:
        yield address


def page_of(
    browser: Browser,
    address: str,
    opened: Installation,
    *,
    width: int = 1280,
    scheme: Literal["light", "dark"] = "light",
    javascript: bool = True,
) -> Page:
    """A page of the broker, signed in."""
    account: Account = opened.accounts.find("lin")
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=javascript
    )
    context.add_cookies([{"name": SESSION, "value": opened.accounts.begin(account), "url": address}])
    return context.new_page()


def state_of(page: Page) -> str:
    return page.locator("h1 .badge").inner_text()


def take(page: Page, to: str, label: str, **fields: str) -> None:
    """Open a step of the page if it is folded, fill it in, take it, and see it taken."""
    way = page.locator(f".way[data-way={to}]")
    if way.count() and way.get_attribute("open") is None:
        way.locator(":scope > summary").click()
    for name, value in fields.items():
        field = page.locator(f"#{to}-{name}")
        if not field.is_visible():
            page.locator(f".way[data-way={to}] .more summary").click()
        if field.evaluate("field => field.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    events = page.locator("section:has(#history) .event")
    before = events.count()
    page.locator(f"[data-act={to}]").click()
    events.nth(before).wait_for()
    assert state_of(page) == label


@pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without"])
def test_from_a_suggestion_to_a_landing(browser: Browser, address: str, opened: Installation, javascript: bool) -> None:
    page = page_of(browser, address, opened, javascript=javascript)
    page.goto(address + "/workbench")
    page.locator(".pair-open").first.click()
    page.wait_for_url("**/workbench/*")
    assert state_of(page) == "系统推荐"
    take(page, "shortlisted", "初筛通过")
    page.get_by_label("建议推进").check()
    page.locator("#review-note").fill("指标对得上")
    page.get_by_role("button", name="交评审意见").click()
    page.locator(".opinion", has_text="指标对得上").wait_for()
    take(page, "assessed", "评审通过")
    take(page, "recommended", "已推送", first="both", said="请看看这项成果")
    take(page, "interested", "有意向", side="demand")
    take(page, "interested", "有意向", side="supply")
    take(page, "connecting", "对接中")
    page.locator("[data-way=follow-up] summary").click()
    page.locator("#type").select_option("visit")
    page.locator("#follow-note").fill("双方看了样机")
    page.get_by_role("button", name="记下", exact=True).click()
    page.locator(".event-note", has_text="双方看了样机").wait_for()
    take(page, "negotiating", "洽谈")
    take(page, "contracted", "已签约", contract_kind="licence", amount="80")
    take(page, "registered", "已登记", registration_no="2026330100000123")
    take(page, "landed", "已落地", outcome="产线已用上", evidence="document_verified")
    assert "请看看这项成果" in page.locator("section:has(#told)").inner_text()
    page.goto(address + "/workbench/figures")
    landed = page.locator("section:has(#funnel) tr", has_text="已落地")
    assert int(landed.locator("td").last.inner_text()) >= 1
    page.context.close()


def test_keys_move_reject_with_a_reason_and_take_back(browser: Browser, address: str, opened: Installation) -> None:
    page = page_of(browser, address, opened)
    page.goto(address + "/workbench")
    titles = page.locator(".pair .pair-open").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert page.locator(".pair.is-here .pair-open").get_attribute("href") == titles[1]
    page.keyboard.press("x")
    assert page.evaluate("document.activeElement.id") == "bulk-reason"
    page.locator("#bulk-reason").select_option("budget")
    page.keyboard.press("Enter")
    page.locator(".did", has_text="已排除").wait_for()
    left = page.locator(".pair .pair-open").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    assert titles[1] not in left
    assert page.locator(".pair.is-here .pair-open").get_attribute("href") == titles[2]
    page.keyboard.press("u")
    page.locator(".did", has_text="已撤销").wait_for()
    assert page.locator(f".pair-open[href='{titles[1]}']").count() == 1
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    page.wait_for_url("**/workbench/*")
    page.keyboard.press("h")
    assert page.evaluate("document.activeElement.id") == "hold-due_on"
    page.context.close()


def test_a_lost_connection_loses_nothing(browser: Browser, address: str, opened: Installation) -> None:
    page = page_of(browser, address, opened)
    page.goto(address + "/workbench")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/workbench/*")
    page.locator("[data-way=follow-up] summary").click()
    page.locator("#follow-note").fill("通话一小时，对方要看样机")
    page.context.set_offline(True)
    page.get_by_role("button", name="记下", exact=True).click()
    page.locator(".lost", has_text="没有连上服务器").wait_for()
    assert page.locator("#follow-note").input_value() == "通话一小时，对方要看样机"
    page.context.set_offline(False)
    page.context.clear_cookies()
    page.get_by_role("button", name="再试一次").click()
    page.locator(".lost", has_text="登录已经过期").wait_for()
    token = opened.accounts.begin(opened.accounts.find("lin"))
    page.context.add_cookies([{"name": SESSION, "value": token, "url": address}])
    page.get_by_role("button", name="再试一次").click()
    page.locator(".event-note", has_text="通话一小时，对方要看样机").wait_for()
    assert page.locator(".event-note").count() == 1
    page.context.close()


def test_a_decision_made_offline_is_kept_and_sent_when_the_connection_is_back(
    browser: Browser, address: str, opened: Installation
) -> None:
    page = page_of(browser, address, opened)
    page.goto(address + "/workbench")
    first = page.locator(".pair .pair-open").first
    link, title = first.get_attribute("href"), first.inner_text()
    id = int(str(link).rpartition("/")[2])
    before = len(opened.matches.history(id))
    page.keyboard.press("j")
    page.context.set_offline(True)
    page.keyboard.press("a")
    page.locator(".lost", has_text="没有连上服务器").wait_for()
    assert len(opened.matches.history(id)) == before
    page.context.set_offline(False)
    page.locator(".did", has_text="已初筛通过").wait_for()
    assert page.locator(f".pair-open[href='{link}']").count() == 0, title
    assert [event.to_state for event in opened.matches.history(id)[before:]] == ["shortlisted"]
    page.keyboard.press("u")
    page.locator(".did", has_text="已撤销").wait_for()
    page.context.close()


def test_what_was_written_offline_outlives_the_page_and_is_sent_once(
    browser: Browser, address: str, opened: Installation
) -> None:
    page = page_of(browser, address, opened)
    page.goto(address + "/workbench/3")
    before = len(opened.matches.history(3))
    page.locator("[data-way=review] summary").click()
    page.locator("#review-note").fill("写了一半的意见")
    page.locator("[data-way=follow-up] summary").click()
    page.locator("#follow-note").fill("对方下周来")
    page.route("**/follow-up", lambda route: route.abort("connectionreset"))
    page.get_by_role("button", name="记下", exact=True).click()
    page.locator(".lost", has_text="没有连上服务器").wait_for()
    page.goto(address + "/workbench/4")
    page.locator(".lost", has_text="有一步还没有送出").wait_for()
    page.unroute("**/follow-up")
    page.reload()
    page.locator(".event-note", has_text="对方下周来").wait_for()
    assert "/workbench/3" in page.url
    page.reload()
    assert [event.note for event in opened.matches.history(3)[before:]] == ["对方下周来"]
    page.context.close()


def test_a_lost_answer_is_asked_for_again_and_what_is_half_written_stays(
    browser: Browser, address: str, opened: Installation
) -> None:
    """The server has recorded it, the answer got lost on the way."""
    page = page_of(browser, address, opened)
    page.goto(address + "/workbench/5")
    before = len(opened.matches.history(5))
    page.locator("[data-way=review] summary").click()
    page.locator("#review-note").fill("写了一半的意见")
    page.locator("[data-way=follow-up] summary").click()
    page.locator("#follow-note").fill("报价已寄")

    def lose(route: Route) -> None:
        route.fetch(max_redirects=0)
        route.abort("connectionreset")

    page.route("**/follow-up", lose)
    page.get_by_role("button", name="记下", exact=True).click()
    page.locator(".lost", has_text="没有连上服务器").wait_for()
    assert [event.note for event in opened.matches.history(5)[before:]] == ["报价已寄"]
    page.unroute("**/follow-up")
    page.get_by_role("button", name="再试一次").click()
    page.locator(".event-note", has_text="报价已寄").wait_for()
    assert page.locator("#review-note").input_value() == "写了一半的意见"
    assert [event.note for event in opened.matches.history(5)[before:]] == ["报价已寄"]
    page.context.close()


def test_keys_shortlist_hold_and_go_back(browser: Browser, address: str, opened: Installation) -> None:
    page = page_of(browser, address, opened)
    page.goto(address + "/workbench")
    links = page.locator(".pair .pair-open").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    for key in ("j", "j", "j", "k"):
        page.keyboard.press(key)
    assert page.locator(".pair.is-here .pair-open").get_attribute("href") == links[1]
    page.keyboard.press(" ")
    assert page.locator("[data-chosen]").inner_text() == "1 对"
    page.keyboard.press("a")
    page.locator(".did", has_text="已初筛通过").wait_for()
    page.keyboard.press("u")
    page.locator(".did", has_text="已撤销").wait_for()
    page.keyboard.press("h")
    assert page.evaluate("document.activeElement.id") == "bulk-due"
    page.locator("#bulk-due").fill("2099-01-01")
    page.keyboard.press("Enter")
    page.locator(".did", has_text="已暂缓").wait_for()
    page.keyboard.press("u")
    page.locator(".did", has_text="已撤销").wait_for()
    page.context.close()


def test_the_queue_is_narrowed_by_what_a_broker_chooses(browser: Browser, address: str, opened: Installation) -> None:
    page = page_of(browser, address, opened)
    page.goto(address + "/workbench?view=all")
    every = page.locator(".count").inner_text()
    for name in ("field", "region", "band", "owner", "age"):
        page.locator(".narrowing summary").click()
        field = page.locator(f"#by-{name}")
        label = field.locator("option").nth(1).inner_text()
        field.select_option(index=1)
        page.get_by_role("button", name="看", exact=True).click()
        page.locator(".chip").first.wait_for()
        chip = page.locator(".chip:not(.chip-all)")
        assert label in chip.inner_text()
        chip.click()
        page.wait_for_url("**/workbench?view=all")
        assert page.locator(".count").inner_text() == every
    page.context.close()


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (390, "light")])
@pytest.mark.parametrize(
    "path",
    ["/workbench", "/workbench?view=all&field=C", "match", "/workbench/figures", "/workbench/rules", "/requests"],
)
def test_pages_of_the_workbench_show_without_fault(
    browser: Browser, address: str, opened: Installation, path: str, width: int, scheme: Literal["light", "dark"]
) -> None:
    page = page_of(browser, address, opened, width=width, scheme=scheme)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(address + ("/workbench/2" if path == "match" else path), wait_until="networkidle")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = Axe().run(page).response
    assert len(found["passes"]) > 10
    faults = [
        (fault["id"], fault["nodes"][0]["html"])
        for fault in found["violations"]
        if fault["impact"] in ("serious", "critical")
    ]
    assert faults == []
    assert complaints == []
    page.context.close()
