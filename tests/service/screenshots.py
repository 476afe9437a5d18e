"""Pictures of the main pages over the sample library, for the README: `make screenshots`.

Each is a PNG of few colours, so that a clone stays small.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser

from service.installation import Installation, import_sample
from service.settings import Settings
from tests.service.browsing import launched, served

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
QUESTION = "/search?kind=achievement&q=新风机低档有一段“吱——”的尖叫声"
SHOTS = (
    ("home", "/", 1280, "light"),
    ("home-dark", "/", 1280, "dark"),
    ("home-phone", "/", 390, "light"),
    ("results", QUESTION, 1280, "light"),
    ("results-phone", QUESTION, 390, "light"),
    ("record", "/records/18", 1280, "light"),
    ("map", "/map", 1280, "light"),
)
_HEIGHT = {1280: 900, 390: 844}
_COLOURS = 160


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with _library() as address, launched() as browser:
        for name, path, width, scheme in SHOTS:
            _write(name, _taken(browser, address + path, width, scheme))


def _taken(browser: Browser, address: str, width: int, scheme: str) -> bytes:
    page = browser.new_page(
        viewport={"width": width, "height": _HEIGHT[width]},
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
    )
    page.goto(address, wait_until="networkidle")
    picture = page.screenshot()
    page.close()
    return picture


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
def _library() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(home=Path(home))
        with Installation(settings) as installation:
            import_sample(installation.store)
            installation.build()
        with served(Installation(settings)) as address:
            yield address


if __name__ == "__main__":
    main()
