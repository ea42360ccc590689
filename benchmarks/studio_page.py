"""Takes the pictures of the studio's page that docs/studio.md shows.

    python benchmarks/studio_page.py docs/studio.webp docs/studio-colors.webp

Needs Chromium (apt-get install chromium) and playwright.
"""

import io
import shutil
import sys
import threading
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from hillotype.studio import Limits, make_app
from hillotype.studio.serve import Server, listen

EXAMPLES = Path(__file__).parents[1] / "examples"
COLORS = (("orange", 0.2, 0.62), ("straw yellow", 0.43, 0.6), ("wood brown", 0.57, 0.27), ("orange", 0.58, 0.86))
SHOWN = ("road", "sailor", "pumpkins", "lighthouse-noisy", "sunday-walk", "parrots")


def main() -> None:
    """Starts a studio, restores the examples and writes what is seen."""
    listening = listen("127.0.0.1", 0)
    server = Server(make_app(Limits()))
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    try:
        shots = photograph(f"http://127.0.0.1:{listening.getsockname()[1]}/")
    finally:
        server.should_exit = True
        thread.join()
    for shot, path in zip(shots, sys.argv[1:], strict=True):
        Image.open(io.BytesIO(shot)).convert("RGB").save(path, quality=82, method=6)


def photograph(address: str) -> tuple[bytes, bytes]:
    """Returns PNGs of the page once all pictures are done, and while one is given colors."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
        page.goto(address)
        page.locator("#choose").wait_for()
        page.wait_for_load_state("load")
        page.set_input_files("#files", [EXAMPLES / f"{name}.jpg" for name in SHOWN])
        page.get_by_text(f"{len(SHOWN)} of {len(SHOWN)} done").wait_for(timeout=180_000)
        page.wait_for_timeout(1000)
        restored = page.screenshot()
        give_colors(page)
        colored = page.screenshot()
        browser.close()
    return restored, colored


def give_colors(page: Page) -> None:
    """Gives colors to the pumpkins."""
    page.locator("#list .pick").nth(SHOWN.index("pumpkins")).click()
    page.wait_for_timeout(1000)
    page.get_by_role("button", name="Give colors").click()
    page.wait_for_timeout(1000)
    box = page.locator(".before").bounding_box()
    assert box is not None
    for name, x, y in COLORS:
        page.get_by_role("radio", name=name).check(force=True)
        page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
    page.wait_for_timeout(3000)


if __name__ == "__main__":
    main()
