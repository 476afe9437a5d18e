"""A broker's day in a real Chromium: from a suggestion to a landing, by keys and by forms, with the connection lost on the way."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

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


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (390, "light")])
@pytest.mark.parametrize("path", ["/workbench", "/workbench?view=all&field=C", "match", "/workbench/figures"])
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
