"""The whole life of a match in a real Chromium over a real server: from a sheet of demands that a broker imports to the landing and the
figures. A broker, the firm that needs and the institute that offers each sit at a browser of their own."""

from __future__ import annotations

import shutil
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Browser, Page

from corpus.records import Achievement
from corpus.suggestions import demands
from service.installation import Installation
from service.settings import Settings
from service.suggesting import follow
from tests.service.browsing import PATIENCE, needs_chromium
from tests.service.conftest import PASSWORD
from tests.service.test_jobs import serving
from tests.service.test_workbench_browser import state_of, take

pytestmark = needs_chromium
HEADINGS = ("需求名称", "编号", "企业名称", "技术难题", "联系方式", "地区")
HUM = "新风机低速时电磁啸叫"
ROWS = (
    (HUM, "X1", "甬江新风机厂（示例）", "外转子 EC 新风风机的永磁无刷电机在 1400 r/min 附近发出单频尖音，要把电磁噪声降 6 dB 以上，安装尺寸不能改。", "分机 8001", "浙江"),
    ("主轴发热", "X2", "甬江新风机厂（示例）", "主轴半小时烫手。", "", "火星"),
)  # fmt: skip
LAB = "分机 9002"


@pytest.fixture
def home(library: Path, tmp_path: Path) -> Path:
    """The achievements of the sample library without its demands; a broker, a firm, and the institute that the best offer belongs to."""
    home = Path(shutil.copytree(library, tmp_path / "home"))
    with Installation(Settings(home=home)) as opened:
        opened.store.delete(demands(opened.matches))
        offer = next(one for one in opened.store.latest("achievement", 1000) if one.source_id == "M-A01")
        assert isinstance(offer, Achievement)
        opened.store.save([replace(offer, contact=LAB)])
        follow(opened)  # what comes from here on is new, however soon after the server's start
        opened.accounts.add("lin", PASSWORD, role="broker", name="林经纪")
        opened.accounts.add("jia", PASSWORD, role="firm", name="周工", organisation=ROWS[0][2])
        opened.accounts.add("yi", PASSWORD, role="firm", name="李老师", organisation=offer.organisation)
    return home


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in (HEADINGS, *ROWS):
        book.active.append(row)
    book.save(tmp_path / "需求.xlsx")
    return tmp_path / "需求.xlsx"


@pytest.fixture
def address(home: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with serving(home, port):
        yield f"http://127.0.0.1:{port}"


def signed_in(browser: Browser, address: str, login: str) -> Page:
    page = browser.new_context().new_page()
    page.goto(f"{address}/sign-in")
    page.locator("#login").fill(login)
    page.locator("#password").fill(PASSWORD)
    page.locator("main form button").click()
    page.get_by_role("link", name={"lin": "林经纪", "jia": "周工", "yi": "李老师"}[login]).wait_for()
    return page


def reloaded_until(page: Page, url: str, selector: str) -> None:
    """Open a page again and again until it has something."""
    until = time.monotonic() + 2 * PATIENCE
    page.goto(url)
    while not page.locator(selector).count():
        assert time.monotonic() < until, page.locator("main").inner_text()
        time.sleep(0.5)
        page.goto(url)


def test_from_a_sheet_of_demands_to_a_landing(browser: Browser, address: str, sheet: Path) -> None:
    broker, firm, institute = (signed_in(browser, address, login) for login in ("lin", "jia", "yi"))

    broker.get_by_role("link", name="导入").click()
    broker.locator("#file").set_input_files(sheet)
    broker.get_by_role("button", name="交上来看一看").click()
    assert "1 行可以入库，1 行会退回" in broker.locator("section:has(#tried)").inner_text()
    broker.get_by_role("button", name="导入", exact=True).click()
    broker.get_by_text("导入完成：新增 1 条").wait_for()
    assert "火星" in broker.locator("section:has(#refused)").inner_text()

    reloaded_until(broker, f"{address}/workbench", ".pair:has-text('外转子EC风机永磁电机电磁噪声抑制技术')")
    pair = broker.locator(".pair", has_text="外转子EC风机永磁电机电磁噪声抑制技术")
    assert HUM in pair.inner_text()
    pair.locator(".pair-open").click()
    broker.wait_for_url("**/workbench/*")
    assert "新的需求" in broker.locator("main > .byline").inner_text()
    number = broker.url.rpartition("/")[2]
    take(broker, "shortlisted", "初筛通过")
    broker.get_by_label("建议推进").check()
    broker.locator("#review-note").fill("指标对得上")
    broker.get_by_role("button", name="交评审意见").click()
    broker.locator(".opinion", has_text="指标对得上").wait_for()
    take(broker, "assessed", "评审通过")
    take(broker, "recommended", "已推送", first="demand", said="请看看这项成果")

    institute.goto(f"{address}/my/matches")
    assert "还没有推给您的" in institute.locator("main").inner_text()
    for side in (firm, institute):
        side.goto(f"{address}/my/matches")
        assert "请看看这项成果" in side.locator(f"#match-{number}").text_content()  # type: ignore[operator]
        side.locator(f"#match-{number}").get_by_role("button", name="有意向").click()
        side.get_by_text("答复已记下").wait_for()
        assert not side.get_by_role("button", name="查看对方的联系方式").count()

    broker.reload()
    assert "需求方有意向，成果方有意向" in broker.locator(".answers").inner_text()
    take(broker, "connecting", "对接中")
    for side, contact in ((firm, LAB), (institute, "分机 8001")):
        side.goto(f"{address}/my/matches")
        side.get_by_role("button", name="查看对方的联系方式").click()
        side.locator(".reached", has_text=contact).wait_for()

    broker.locator("[data-way=follow-up] summary").click()
    broker.locator("#type").select_option("visit")
    broker.locator("#follow-note").fill("双方看了样机")
    broker.get_by_role("button", name="记下", exact=True).click()
    broker.locator(".event-note", has_text="双方看了样机").wait_for()
    assert broker.locator(".event", has_text="查看保密内容").count() == 2
    take(broker, "negotiating", "洽谈")
    take(broker, "contracted", "已签约", contract_kind="development", amount="80")
    take(broker, "registered", "已登记", registration_no="2026330100000123")
    take(broker, "landed", "已落地", outcome="产线已用上", evidence="document_verified")
    assert state_of(broker) == "已落地"

    broker.get_by_role("link", name="统计").click()
    landed = broker.locator("section:has(#funnel) tr", has_text="已落地")
    assert landed.locator("td").last.inner_text() == "1"
    firm.goto(f"{address}/my/matches")
    assert "已落地" in firm.locator(f"#match-{number} .badge").inner_text()
