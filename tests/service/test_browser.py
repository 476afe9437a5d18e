"""The site in a real Chromium over a real server: what a person sees, at 1280 and 390 pixels, with and without JavaScript."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, Request

from service.installation import Installation
from service.settings import Settings
from tests.service.browsing import PATIENCE, needs_chromium, served
from tests.service.conftest import PASSWORD

pytestmark = needs_chromium

PAGES = [
    "/",
    "/search",
    "/search?q=无刷直流电机 噪声",
    "/search?q=磁钢&where=region=330000&kind=achievement",
    "/records/18",
    "/records/321",
    "/records/18/contact",
    "/search?kind=achievement&q=皮带跑偏，布面起毛，要求断头率≤2%。公司成立于1998年，注册资本500万元。",
    "/thesaurus",
    "/thesaurus?q=起毛",
    "/map",
    "/visit-note",
    "/visit-note?example=1",
    "/map?within=C34",
    "/about",
    "/sign-in?next=/search",
    "/docs",
]


@pytest.fixture(scope="module")
def address(library: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server over the sample library."""
    home = shutil.copytree(library, tmp_path_factory.mktemp("browser") / "home")
    installation = Installation(Settings(home=home))
    installation.accounts.add("wang", PASSWORD, role="firm", name="王工")
    installation.accounts.add("lin", PASSWORD, role="broker", name="林经纪")
    with served(installation) as address:
        yield address


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 1280, "height": 900})
    yield opened
    opened.close()


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("path", PAGES)
def test_a_page_shows_without_fault_and_asks_nothing_of_others(
    browser: Browser, address: str, path: str, width: int
) -> None:
    complaints: list[str] = []
    asked: list[str] = []

    def complain(message: ConsoleMessage) -> None:
        if message.type == "error":
            complaints.append(message.text)

    def ask(request: Request) -> None:
        asked.append(request.url)

    page = browser.new_page(viewport={"width": width, "height": 844})
    page.on("console", complain)
    page.on("request", ask)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    answer = page.goto(address + path, wait_until="networkidle")
    assert answer
    assert answer.status == 200
    assert complaints == []
    assert [url for url in asked if not url.startswith((address, "data:"))] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "path", [path for path in [*PAGES, "/search?q=芝士&kind=achievement", "/nowhere"] if path != "/docs"]
)
def test_axe_finds_no_serious_fault(
    browser: Browser, address: str, path: str, scheme: Literal["light", "dark"]
) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme=scheme)
    page.goto(address + path)
    found = Axe().run(page).response
    assert len(found["passes"]) > 10
    assert [
        (fault["id"], fault["nodes"][0]["html"])
        for fault in found["violations"]
        if fault["impact"] in ("serious", "critical")
    ] == []
    page.close()


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without"])
def test_a_firm_narrows_refines_and_turns_the_page(
    browser: Browser, address: str, width: int, javascript: bool
) -> None:
    context = browser.new_context(java_script_enabled=javascript, viewport={"width": width, "height": 844})
    page = context.new_page()
    page.goto(address)
    page.get_by_role("link", name="马达磁钢热了就没劲").click()
    page.wait_for_url("**/search?*")
    shown = page.locator(".hits .hit h2 a")
    first = shown.first.inner_text()
    page.locator(".why summary").first.click()
    assert page.locator(".why .points").first.is_visible()
    page.locator("#facets .value a", has_text="浙江省").click()
    page.wait_for_url("**where=region*")
    assert "浙江省" in page.locator(".chips").inner_text()
    page.locator(".refine").first.get_by_role("link", name="不要这类").click()
    page.wait_for_url("**unlike=*")
    assert first not in shown.all_inner_texts()
    page.get_by_role("link", name="下一页").click()
    page.wait_for_url("**page=2*")
    assert shown.count() > 0
    page.locator(".chip-unlike").click()
    page.wait_for_url(lambda url: "unlike" not in url)
    assert shown.first.inner_text() == first
    context.close()


def test_arrows_go_through_the_results_and_enter_opens_one(page: Page, address: str) -> None:
    page.goto(address + "/search?q=磁钢&kind=achievement")
    titles = page.locator(".hits .hit h2 a").all_inner_texts()
    focused = "document.activeElement.innerText"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.evaluate(focused) == titles[1]
    page.keyboard.press("ArrowUp")
    assert page.evaluate(focused) == titles[0]
    page.keyboard.press("/")
    page.keyboard.press("ArrowDown")  # in the box it moves the cursor
    assert page.evaluate("document.activeElement.id") == "q"
    page.keyboard.press("Escape")
    page.locator(".hits .hit h2 a").nth(2).focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/records/*")
    assert page.locator("h1").inner_text() == titles[2]


def test_a_stroke_leads_to_the_box_from_a_page_without_one(page: Page, address: str) -> None:
    page.goto(address + "/records/18")
    page.keyboard.press("/")
    page.wait_for_url(address + "/#q")
    assert page.evaluate("document.activeElement.id") == "q"
    page.keyboard.type("磁钢")
    assert page.locator("#q").input_value() == "磁钢"


def test_the_box_takes_a_page_of_text_and_grows(page: Page, address: str) -> None:
    page.goto(address)
    box = page.locator("textarea#q")
    before = box.bounding_box()
    box.fill("第一行")
    box.press("Shift+Enter")
    page.keyboard.type("第二行")
    assert box.input_value() == "第一行\n第二行"
    box.fill("\n".join(["车间里的电机一加速就尖叫。"] * 10))
    after = box.bounding_box()
    assert before
    assert after
    assert after["height"] > before["height"]
    box.press("Enter")
    page.wait_for_url("**/search?*")
    assert page.locator(".reading-of").is_visible()


def test_a_firm_asks_narrows_and_reads_a_record(page: Page, address: str) -> None:
    page.goto(address)
    page.keyboard.press("/")
    page.keyboard.type("磁铁起泡掉皮")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?*")
    assert page.locator("mark").count() > 0
    titles = page.locator("main h3 a, main h2 a").all_inner_texts()
    assert any("钕铁硼" in title for title in titles)
    page.locator("main h3 a, main h2 a").first.click()
    page.wait_for_url("**/records/*")
    assert page.locator("h1").inner_text() == titles[0]


def test_the_site_works_without_javascript(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    page.locator("textarea").first.fill("印染废水回用")
    page.get_by_role("button", name="搜").first.click()
    assert "/search?" in page.url
    assert page.locator("mark").count() > 0
    context.close()


def test_the_field_map_draws_its_months_and_leads_to_a_list(page: Page, address: str) -> None:
    page.goto(address + "/map")
    assert page.locator("#trend-chart canvas").count() == 1
    assert not page.locator(".trend-table").is_visible()
    link = page.locator(".is-unmet .heat-demand-1 a").first
    count = int(link.inner_text().split()[0].split("项")[0])
    link.click()
    page.wait_for_url("**/search?*")
    assert page.locator(".hit").count() == count


def test_the_field_map_without_javascript_is_a_table(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address + "/map")
    assert page.locator(".trend-table tbody tr").count() == 24
    assert page.locator(".trend-table").is_visible()
    assert not page.locator("#trend-chart").is_visible()
    context.close()


def test_a_note_becomes_drafts_whose_words_light_up(page: Page, address: str) -> None:
    page.goto(address + "/visit-note?example=1")
    page.get_by_role("button", name="分出需求").click()
    drafts = page.locator(".draft")
    drafts.first.wait_for()
    assert drafts.count() == 3
    assert page.locator("mark.need").count() == 3
    drafts.nth(1).hover()
    assert "is-near" in (page.locator("mark[data-need='2']").get_attribute("class") or "")
    drafts.nth(1).locator("textarea").fill("网带炉淬火变形")
    drafts.nth(1).get_by_role("link", name="先查查有没有成果").click()
    page.wait_for_url("**/search?*")
    assert page.locator("textarea").first.input_value() == "网带炉淬火变形"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault_in_drafts(browser: Browser, address: str, scheme: Literal["light", "dark"]) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844}, color_scheme=scheme)
    page.goto(address + "/visit-note?example=1")
    page.get_by_role("button", name="分出需求").click()
    page.locator(".draft").first.wait_for()
    found = Axe().run(page).response
    assert len(found["passes"]) > 10
    faults = [fault["id"] for fault in found["violations"] if fault["impact"] in ("serious", "critical")]
    assert faults == []
    page.close()


def test_a_note_is_read_without_javascript_on_a_phone(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(address + "/visit-note?example=1")
    page.get_by_role("button", name="分出需求").click()
    assert page.locator(".draft").count() == 3
    assert page.locator("html").evaluate("e => e.scrollWidth") <= 390
    context.close()


def test_what_a_person_types_never_runs(page: Page, address: str) -> None:
    ran: list[str] = []

    def refuse(dialog: Dialog) -> None:
        ran.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", refuse)
    page.goto(address + "/search?q=<script>alert(1)</script><img src=x onerror=alert(2)>磁钢")
    assert ran == []
    assert "<script>alert(1)</script>" in page.locator("textarea").first.input_value()


def _sign_in(page: Page, password: str, login: str = "wang") -> None:
    page.get_by_label("登录名").fill(login)
    page.get_by_label("密码").fill(password)
    page.keyboard.press("Enter")


@pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without"])
def test_a_firm_signs_in_comes_back_and_signs_out(browser: Browser, address: str, javascript: bool) -> None:
    context = browser.new_context(java_script_enabled=javascript)
    page = context.new_page()
    page.goto(address + "/search?kind=demand")
    page.get_by_role("link", name="登录").click()
    _sign_in(page, "wrong horses")
    assert "登录名或密码不对" in page.get_by_role("alert").inner_text()
    assert page.get_by_label("登录名").input_value() == "wang"
    _sign_in(page, PASSWORD)
    page.wait_for_url("**/search?kind=demand")
    page.get_by_role("link", name="王工").click()
    assert page.locator("h1").inner_text() == "我的账号"
    page.get_by_role("button", name="退出登录").click()
    assert "已退出登录" in page.get_by_role("status").inner_text()
    page.goto(address + "/account")
    assert "/sign-in?next=" in page.url
    context.close()


def test_ones_own_account_shows_on_a_phone_without_fault(browser: Browser, address: str) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.goto(address + "/sign-in")
    _sign_in(page, PASSWORD)
    page.wait_for_url(address + "/")
    page.goto(address + "/account")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert faults == []
    page.close()


@pytest.mark.parametrize(("javascript", "width"), [(True, 1280), (False, 390)], ids=["desk", "phone without scripts"])
def test_a_visitor_asks_to_be_put_in_touch_and_a_broker_answers(
    browser: Browser, address: str, javascript: bool, width: int
) -> None:
    context = browser.new_context(java_script_enabled=javascript, viewport={"width": width, "height": 844})
    page = context.new_page()
    page.goto(address + "/records/18")
    title = page.locator("h1").inner_text()
    page.get_by_role("link", name="请经纪人牵线").click()
    page.get_by_label("怎么称呼您").fill(f"周工 {width}")
    page.get_by_label("电话或电子邮箱").fill("0574-88123456")
    page.get_by_label("想了解什么").fill("能否寄样到宁波试镀？")
    page.get_by_role("button", name="发给经纪人").click()
    assert "请求已发给本站的技术经纪人" in page.get_by_role("status").first.inner_text()

    page.goto(address + "/sign-in?next=/requests")
    _sign_in(page, PASSWORD, "lin")
    page.get_by_role("link", name=f"周工 {width}").click()
    assert title in page.locator("main").inner_text()
    assert "0574-88123456" not in page.content()
    page.get_by_role("button", name="接手").click()
    page.get_by_role("button", name="查看双方的联系方式").click()
    assert "0574-88123456" in page.locator("main").inner_text()
    page.get_by_label("给请求人的答复").fill("成果方愿意寄样")
    page.get_by_role("button", name="办结").click()
    assert "已办结" in page.locator("main").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_fault_where_a_broker_sees_to_requests(
    browser: Browser, address: str, scheme: Literal["light", "dark"]
) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844}, color_scheme=scheme)
    page.goto(address + "/records/321/contact")
    page.get_by_label("怎么称呼您").fill(f"郑工 {scheme}")
    page.get_by_label("电话或电子邮箱").fill("zheng@example.com")
    page.get_by_label("想了解什么").fill("想看看工况")
    page.get_by_role("button", name="发给经纪人").click()
    page.goto(address + "/sign-in?next=/requests")
    _sign_in(page, PASSWORD, "lin")
    page.get_by_role("link", name=f"郑工 {scheme}").wait_for()
    for path in ("/requests", page.get_by_role("link", name=f"郑工 {scheme}").get_attribute("href"), "/my/requests"):
        page.goto(f"{address}{path}")
        found = Axe().run(page).response
        assert len(found["passes"]) > 10
        assert [(path, fault["id"]) for fault in found["violations"]] == []
    page.close()


def test_a_record_is_copied_as_an_address_and_printed_on_one_page(browser: Browser, address: str) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(address + "/records/18")
    page.get_by_role("button", name="复制链接").click()
    page.get_by_text("已复制").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == f"{address}/records/18"
    printed = page.pdf(format="A4")
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1
    page.emulate_media(media="print")
    assert page.locator("#share").is_visible()
    assert not page.locator(".matches, .like, .getting, .sharing").locator("visible=true").count()
    context.close()


def test_without_javascript_there_is_no_button_that_does_nothing(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address + "/records/18")
    assert page.locator("#share").is_visible()
    assert [button for button in page.get_by_role("button").all() if button.is_visible()] == []
    context.close()


def signed_in(browser: Browser, address: str, width: int, *, scripts: bool = True) -> Page:
    """A page of its own, signed in as the firm of the tests."""
    context = browser.new_context(viewport={"width": width, "height": 844}, java_script_enabled=scripts)
    page = context.new_page()
    page.goto(address + "/sign-in")
    page.get_by_label("登录名").fill("wang")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="登录").click()
    return page


@pytest.mark.parametrize("width", [1280, 390])
def test_a_firm_files_a_demand_that_is_previewed_and_kept_while_it_is_written(
    browser: Browser, address: str, width: int
) -> None:
    page = signed_in(browser, address, width)
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.goto(address + "/demands/new?text=外转子风机低速时嗡嗡响，空载噪声不大于45dB，预算80万元以内")
    assert page.get_by_label("第 1 项指标的名称").input_value() == "空载噪声"
    assert page.get_by_label("预算上限（万元）").input_value() == "80"
    page.get_by_label("名称（必填）").fill(f"磁钢起泡掉皮 {width}")
    page.get_by_label("难题（必填）").fill("钕铁硼磁钢表面起泡掉皮，电镀前处理换过两种，盐雾还是不过")
    page.locator("#preview a", has_text="钕铁硼").first.wait_for(timeout=PATIENCE * 1000)
    page.locator("#kept", has_text="草稿已存").wait_for(timeout=PATIENCE * 1000)
    assert not page.get_by_role("button", name="看看能匹配到什么").is_visible()
    rows = page.locator(".criterion").count()
    page.get_by_role("button", name="加一行").click()
    assert page.locator(".criterion").count() == rows + 1
    assert page.get_by_label(f"第 {rows + 1} 项指标的名称").input_value() == ""
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.goto(address + "/my/demands")
    page.get_by_role("link", name=f"磁钢起泡掉皮 {width}").click()
    assert "钕铁硼" in page.get_by_label("难题（必填）").input_value()
    page.get_by_role("button", name="提交需求").click()
    page.wait_for_url("**/my/demands/*")
    assert page.locator(".matches .hit h3", has_text="钕铁硼").count() > 0
    page.goto(address + "/my/demands")
    assert page.get_by_role("link", name=f"磁钢起泡掉皮 {width}").get_attribute("href") != "/demands/new"
    assert page.get_by_text("只有您看得到").count() == 0
    assert complaints == []
    page.context.close()


def test_a_firm_files_a_demand_without_javascript(browser: Browser, address: str) -> None:
    page = signed_in(browser, address, 390, scripts=False)
    page.goto(address + "/demands/new")
    page.get_by_label("名称（必填）").fill("印染废水回用")
    page.get_by_label("难题（必填）").fill("印染废水盐分高，膜一个月就堵，想回用七成以上")
    page.get_by_role("button", name="加一行").click()
    assert page.locator(".criterion").count() == 3
    page.get_by_label("第 3 项指标的名称").fill("回用率")
    page.get_by_label("第 3 项指标的数值").fill("70")
    page.get_by_role("button", name="看看能匹配到什么").click()
    assert page.locator("#preview li").count() > 0
    assert page.get_by_label("第 1 项指标的名称").input_value() == "回用率"
    page.get_by_label("预算上限（万元）").fill("看着给")
    page.get_by_role("button", name="存为草稿").click()
    page.get_by_role("link", name="接着写").click()
    page.get_by_role("button", name="提交需求").click()
    assert "应为数字" in page.locator("#faults").inner_text()
    page.get_by_label("预算上限（万元）").fill("60")
    page.get_by_role("button", name="提交需求").click()
    assert "需求已提交" in page.get_by_role("main").inner_text()
    page.get_by_role("button", name="已解决，结案").click()
    assert "已解决" in page.locator("h1").inner_text()
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "path", ["/demands/new?text=磁钢起泡掉皮，盐雾不小于500h", "/my/demands", "/my/alerts", "/search?q=磁钢"]
)
def test_axe_finds_nothing_on_the_pages_of_a_firm(
    browser: Browser, address: str, path: str, scheme: Literal["light", "dark"]
) -> None:
    page = signed_in(browser, address, 1280)
    page.emulate_media(color_scheme=scheme)
    page.goto(address + path)
    found = Axe().run(page).response["violations"]
    assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []
    page.context.close()
