"""`make pictures`: the five screens of the README as they look now, in docs/pictures, for eyes.

Usage: python -m tests.journeys.pictures. Takes half a minute; each file is one row of screens in one look.
"""

import io
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image
from playwright.sync_api import sync_playwright

from tests.journeys.forms import comes_true, fill_idea, send
from tests.journeys.scene import photo_of_the_track
from tests.journeys.town import Town, running_town
from tests.support.browser import chromium_flags, chromium_path, phone
from tests.support.push_service import until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "pictures"
GROUND = (203, 214, 222)
GAP = 24
SHOWN = 0.62  # of a phone's own points: five beside each other can still be read
TITLE = "La lysløypa på Ankenes lyse til klokka 23"
WHY = "Mange trener etter jobb og skole. Lyset går av klokka 21, og da er det for mørkt til å gå på ski."


@dataclass(frozen=True, slots=True)
class Look:
    """One row of screens. zoom: of the text, as the phone's own setting does it."""

    file: str
    size: tuple[int, int] = (390, 844)
    zoom: int = 100
    options: dict[str, Any] = field(default_factory=dict)


LOOKS = (
    Look("lyst.png", options={"color_scheme": "light"}),
    Look("morkt.png", options={"color_scheme": "dark"}),
    Look("320.png", size=(320, 640)),
    Look("200-prosent.png", zoom=200),
)


def main() -> int:
    with running_town({}) as town, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=chromium_flags())
        receipt, idea, cookies = sent_idea(browser, town)
        for look in LOOKS:
            page = phone(browser, base_url=town.site, storage_state=cookies, **look.options).new_page()
            page.set_viewport_size({"width": look.size[0], "height": look.size[1]})
            row(screens(page, look, receipt, idea)).save(FOLDER / look.file, optimize=True)
            page.context.close()
        browser.close()
    return 0


def sent_idea(browser: "Browser", town: Town) -> tuple[str, str, Any]:
    """Let Kari send an idea that gets its case number and is decided; return receipt, idea and her phone's memory."""
    page = phone(browser, base_url=town.site).new_page()
    page.goto("/ideer/ny")
    fill_idea(page, TITLE, WHY, "Energi")
    with tempfile.NamedTemporaryFile(suffix=".jpg") as photo:
        photo.write(photo_of_the_track())
        photo.flush()
        page.locator("#pictures").set_input_files(photo.name)
        page.get_by_role("img", name="Bilde 1").wait_for()
        page.get_by_label("Hvor?").fill("Lysløypa på Ankenes")
        send(page)
    receipt = page.url
    idea = page.get_by_role("link", name="Se idéen slik andre ser den").get_attribute("href") or ""
    archive = page.context.new_page()
    archive.goto(town.archive)
    letter = archive.get_by_role("article", name=f"Innspill: {TITLE}")
    until(lambda: bool(archive.reload()) and letter.count() == 1, seconds=60)
    letter.get_by_role("button", name="Besvart").click()
    page.goto(idea)
    page.locator("[aria-current=step]", has_text="Bestemt").wait_for(timeout=30_000)
    cookies = page.context.storage_state(indexed_db=True)
    page.context.close()
    return receipt, idea, cookies


def screens(page: "Page", look: Look, receipt: str, idea: str) -> list[Image.Image]:
    """Return home, the form as it is being filled in, the idea, its receipt and the list."""
    taken = []
    for address in ("/", "/ideer/ny", idea, receipt, "/ideer"):
        page.goto(address, wait_until="networkidle" if address == "/" else "load")
        if address == "/ideer/ny":
            fill_idea(page, "Lys i lysløypa til klokka 23", "Mange trener etter jobb.", "Energi")
            page.locator("h1").first.click()
            page.evaluate("scrollTo(0, 0)")
        page.evaluate(f"document.documentElement.style.fontSize = '{look.zoom}%'")
        comes_true(
            page, "async () => (await document.fonts.ready) && [...document.images].every((one) => one.complete)"
        )
        taken.append(Image.open(io.BytesIO(page.screenshot())))
    return taken


def row(pictures: list[Image.Image]) -> Image.Image:
    """Return the pictures beside each other, as small as they can be and still be read."""
    small = [
        one.resize((round(one.width * SHOWN), round(one.height * SHOWN)), Image.Resampling.LANCZOS) for one in pictures
    ]
    made = Image.new("RGB", (sum(one.width + GAP for one in small) + GAP, small[0].height + 2 * GAP), GROUND)
    left = GAP
    for one in small:
        made.paste(one.convert("RGB"), (left, GAP))
        left += one.width + GAP
    return made.quantize(256, method=Image.Quantize.MEDIANCUT)


if __name__ == "__main__":
    sys.exit(main())
