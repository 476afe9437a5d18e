"""Pictures of the main pages over the sample library, for the README: `make screenshots`.

Each is a PNG of few colours, so that a clone stays small.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page

from service.access import SESSION
from service.installation import Installation, import_sample
from service.settings import Settings
from tests.service.browsing import launched, served
from tests.service.furnishing import Site, furnished

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
QUESTION = "/search?kind=achievement&q=新风机低档有一段“吱——”的尖叫声"
SHOTS = (
    ("home", "visitor", "/", 1280, "light"),
    ("home-dark", "visitor", "/", 1280, "dark"),
    ("home-phone", "visitor", "/", 390, "light"),
    ("results", "visitor", QUESTION, 1280, "light"),
    ("results-phone", "visitor", QUESTION, 390, "light"),
    ("record", "visitor", "/records/18", 1280, "light"),
    ("map", "visitor", "/map", 1280, "light"),
    ("visit-note", "visitor", "/visit-note?example=1", 1280, "light"),
    ("demand-form", "firm", "/demands/new?text=磁钢半年就起泡掉皮，要求盐雾不小于500h，预算30万元以内", 1280, "light"),
    ("my-demand", "firm", "/my/demands/{demand}", 1280, "light"),
    ("workbench", "broker", "/workbench", 1280, "light"),
    ("match", "broker", "/workbench/{match}", 1280, "light"),
    ("bulk", "operator", "/bulk/{job}", 1280, "light"),
)
"""Name, who looks, address, width and scheme."""
_HEIGHT = {1280: 900, 390: 844}
_COLOURS = 160


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with _site() as site, launched() as browser:
        while site.installation.jobs.get(str(site.known["job"])).is_open:
            time.sleep(0.2)
        for name, role, path, width, scheme in SHOTS:
            page = _page(browser, site, role, width, scheme)
            page.goto(site.url(path), wait_until="networkidle")
            if name == "visit-note":
                page.get_by_role("button", name="分出需求").click()
                page.locator(".draft").first.wait_for()
            _write(name, page.screenshot())
            page.context.close()


def _page(browser: Browser, site: Site, role: str, width: int, scheme: str) -> Page:
    context = browser.new_context(
        viewport={"width": width, "height": _HEIGHT[width]},
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
    )
    if role in site.sessions:
        context.add_cookies([{"name": SESSION, "value": site.sessions[role], "url": site.address}])
    return context.new_page()


def _write(name: str, picture: bytes) -> None:
    file = FOLDER / f"{name}.png"
    few = (
        Image.open(BytesIO(picture))
        .convert("RGB")
        .quantize(_COLOURS, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    )
    few.save(file, optimize=True)
    print(f"{file}  {file.stat().st_size / 1024:.0f} KB")


@contextmanager
def _site() -> Iterator[Site]:
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(home=Path(home))
        with Installation(settings) as installation:
            import_sample(installation.store)
            installation.build()
        installation = Installation(settings)
        with served(installation) as address:
            yield furnished(installation, address)


if __name__ == "__main__":
    main()
