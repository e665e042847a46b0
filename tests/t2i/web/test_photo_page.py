"""One's own picture in a browser: chosen, dropped, restyled; and what goes wrong."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
from browser import Tab
from PIL import Image

DROP = """(form, [bytes, name]) => {
  const files = new DataTransfer();
  files.items.add(new File([Uint8Array.from(bytes)], name));
  form.dispatchEvent(new DragEvent("drop", {dataTransfer: files, bubbles: true, cancelable: true}));
}"""


def png(colour: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (20, 12), colour).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def tab(browser: Any, served: Any) -> Iterator[Tab]:
    opened = Tab(browser, viewport={"width": 1400, "height": 900})
    opened.page.goto(served.url)
    opened.page.get_by_role("heading", name="Your photo").wait_for()
    yield opened
    assert all(url.startswith((served.url, "blob:", "data:,")) for url in opened.requests)
    opened.context.close()


def test_a_picture_is_painted_again_and_for_a_sentence(tab: Tab) -> None:
    chosen = {"name": "mine.png", "mimeType": "image/png", "buffer": png("red")}
    tab.page.get_by_label("Picture", exact=True).set_input_files(chosen)
    tab.wait("Done: your picture, painted again")
    alts = [picture.get_attribute("alt") for picture in tab.page.get_by_role("img").all()]
    assert alts == ["your picture", "your picture, painted again"]
    tab.page.get_by_label("Painted for").fill("a yellow bird")
    tab.page.get_by_role("button", name="Restyle").click()
    tab.wait("Done: your picture for “a yellow bird”")
    pictures = tab.page.locator("article").first.get_by_role("img").all()
    assert [picture.get_attribute("alt") for picture in pictures][2] == "a yellow bird"
    sides = "p => p.decode().then(() => p.naturalWidth)"
    assert [picture.evaluate(sides) for picture in pictures] == [8, 8, 8]
    # The tiny run alone has learnt to find latents; nothing is looked at twice.
    looked_at = [url for url in tab.requests if "/photo?" in url]
    assert len(looked_at) == 1
    tab.page.get_by_label("What it shows").fill("a red bird")
    tab.page.keyboard.press("Enter")
    tab.page.locator("article").nth(2).wait_for(timeout=60_000)
    assert [url for url in tab.requests if "caption=a+red+bird" in url]
    assert tab.complaints == []


def test_a_picture_may_be_dropped(tab: Tab) -> None:
    tab.page.locator("#photo").evaluate(DROP, [list(png("blue")), "dropped.png"])
    tab.wait("Done: your picture, painted again")
    assert tab.page.get_by_role("heading", name="dropped.png").is_visible()


def test_what_goes_wrong_is_said(tab: Tab) -> None:
    alert = tab.page.get_by_role("alert")
    tab.page.get_by_role("button", name="Restyle").click()
    tab.wait("Type a sentence to paint your picture for.")
    tab.page.get_by_label("Painted for").fill("a yellow bird")
    tab.page.keyboard.press("Enter")
    tab.wait("Choose a picture first.")
    chosen = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"no picture"}
    tab.page.get_by_label("Picture", exact=True).set_input_files(chosen)
    tab.wait("picture: expected a picture in JPEG, PNG")
    assert alert.text_content().endswith("; choose another")
