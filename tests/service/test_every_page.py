"""Every page of the site in a real Chromium, as whoever uses it, with something on it: no fault in light or dark, wide or narrow, and no dead link.

What is walked is held against the routes of the site: a page that nobody added here fails.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import html5lib
import pytest
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup
from fastapi.routing import APIRoute
from playwright.sync_api import Browser, Page
from starlette.routing import Match

from service.access import SESSION
from service.app import PAGES
from service.installation import Installation
from service.settings import Settings
from tests.service.browsing import needs_chromium, served
from tests.service.furnishing import Site, furnished

pytestmark = needs_chromium
WALKED: Mapping[str, tuple[str, ...]] = {
    "visitor": (
        "/",
        "/search?q=无刷直流电机 噪声&kind=achievement&like=18&unlike=3&where=region=330000",
        "/search?q=芝士&kind=achievement",
        "/records/18",
        "/records/18/contact",
        "/map?within=C34",
        "/visit-note",
        "/thesaurus?q=起毛",
        "/about",
        "/sign-in?next=/search",
        "/nowhere",
    ),
    "firm": (
        "/search?q=磁钢&kind=achievement",
        "/records/{demand}",
        "/demands/new?text=磁钢起泡掉皮，盐雾不小于500h",
        "/demands/{demand}/edit",
        "/my/demands",
        "/my/demands/{demand}",
        "/my/matches",
        "/my/alerts",
        "/my/requests",
        "/account",
    ),
    "operator": (
        "/workbench",
        "/workbench?view=all&owner=nobody&field=C13",
        "/workbench/{match}",
        "/workbench/beat",
        "/workbench/rules",
        "/workbench/figures",
        "/requests",
        "/requests/{request}",
        "/import",
        "/import/{file}",
        "/bulk",
        "/bulk/{job}",
        "/bulk/{job}/again",
        "/keys",
        "/accounts",
        "/account",
    ),
}
FILES = (
    "/workbench/figures.{format}",
    "/bulk/{id}/matches.{format}",
    "/bulk/{id}/refused.xlsx",
    "/import/{id}/refused",
)
"""What is fetched as a file."""


@pytest.fixture(scope="module")
def site(library: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    home = shutil.copytree(library, tmp_path_factory.mktemp("every") / "home")
    installation = Installation(Settings(home=home))
    with served(installation) as address:
        yield furnished(installation, address)


@pytest.fixture(scope="module")
def pages(site: Site, browser: Browser) -> Mapping[str, Page]:
    """A page of the browser for each role."""
    return {role: _page(browser, site, role) for role in WALKED}


def _page(browser: Browser, site: Site, role: str) -> Page:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    if role in site.sessions:
        context.add_cookies([{"name": SESSION, "value": site.sessions[role], "url": site.address}])
    return context.new_page()


@pytest.mark.parametrize(("role", "path"), [(role, path) for role, paths in WALKED.items() for path in paths])
def test_a_page_is_without_fault_wide_and_narrow_in_light_and_dark(
    site: Site, pages: Mapping[str, Page], role: str, path: str
) -> None:
    page, faults, foreign = pages[role], list[str](), list[str]()
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "request",
        lambda asked: foreign.append(asked.url) if not asked.url.startswith((site.address, "data:")) else None,
    )
    page.set_viewport_size({"width": 1280, "height": 900})
    answer = page.goto(site.url(path), wait_until="networkidle")
    assert answer is not None
    assert answer.status == (404 if path == "/nowhere" else 200)
    html5lib.HTMLParser(strict=True).parse(answer.text())  # raises what is wrong
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found = Axe().run(page).response
        assert len(found["passes"]) > 10
        serious = [fault for fault in found["violations"] if fault["impact"] in ("serious", "critical")]
        assert [(scheme, fault["id"], fault["nodes"][0]["html"]) for fault in serious] == []
    for width in (1920, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert [fault for fault in faults if "404" not in fault or path != "/nowhere"] == []
    assert foreign == []


@pytest.mark.parametrize("role", list(WALKED))
def test_links_and_forms_lead_somewhere(site: Site, role: str) -> None:
    tried: set[str] = set()
    with site.client(role) as client:
        for path in WALKED[role]:
            answer = client.get(site.url(path))
            read = BeautifulSoup(answer.text, "html.parser")
            ids = {str(tag["id"]) for tag in read.select("[id]")}
            for tag in read.select("a[href], form[method=get]"):
                led = urljoin(str(answer.url), str(tag.get("href") or tag.get("action")))
                assert led.startswith(site.address), f"{path} leads to {led}"
                here, _, anchor = led.partition("#")
                if here == str(answer.url).partition("#")[0] and anchor:
                    assert anchor in ids, f"{path} leads to #{anchor}"
                if here != str(answer.url).partition("#")[0] and _shape(led) not in tried:
                    tried.add(_shape(led))
                    assert client.get(led).status_code == 200, f"{path} leads to {led}"
            for tag in read.select("form[method=post]"):
                target = urlsplit(urljoin(str(answer.url), str(tag.get("action")))).path
                assert _route("POST", target), f"a form of {path} goes to {target}"
    assert len(tried) > 5


def _shape(address: str) -> str:
    """An address without what differs between a record and the next."""
    parts = urlsplit(address)
    names = sorted({said.partition("=")[0] for said in parts.query.split("&")})
    return re.sub(r"\d+", "0", parts.path) + "?" + "&".join(names)


def test_no_page_of_the_site_is_left_out() -> None:
    paths = [
        urlsplit(path.format(demand=1, match=1, request=1, job="a", file="a")).path
        for walked in WALKED.values()
        for path in walked
    ]
    walked = {_route("GET", path) for path in paths}
    there = {
        route.path
        for part in PAGES
        for route in part.router.routes
        if isinstance(route, APIRoute) and "GET" in (route.methods or ())
    }
    assert there - walked - set(FILES) == set()


def _route(method: str, path: str) -> str | None:
    """The route of the site that answers."""
    scope = {"type": "http", "method": method, "path": path, "root_path": "", "headers": []}
    routes = [route for part in PAGES for route in part.router.routes if isinstance(route, APIRoute)]
    return next((route.path for route in routes if route.matches(scope)[0] is Match.FULL), None)
