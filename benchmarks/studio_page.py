"""Takes the picture of the studio's page that docs/studio.md shows.

    python benchmarks/studio_page.py docs/studio.webp

Needs Chromium (apt-get install chromium) and playwright.
"""

import io
import shutil
import sys
import threading
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from hillotype.studio import Limits, make_app
from hillotype.studio.serve import Server, listen

EXAMPLES = Path(__file__).parents[1] / "examples"
SHOWN = ("road", "sailor", "pumpkins", "lighthouse-noisy", "sunday-walk", "parrots")


def main() -> None:
    """Starts a studio, restores the examples and writes what is seen."""
    listening = listen("127.0.0.1", 0)
    server = Server(make_app(Limits()))
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    try:
        shot = photograph(f"http://127.0.0.1:{listening.getsockname()[1]}/")
    finally:
        server.should_exit = True
        thread.join()
    Image.open(io.BytesIO(shot)).convert("RGB").save(sys.argv[1], quality=82, method=6)


def photograph(address: str) -> bytes:
    """Returns a PNG of the page once all pictures are done."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
        page.goto(address)
        page.locator("#choose").wait_for()
        page.wait_for_load_state("load")
        page.set_input_files("#files", [EXAMPLES / f"{name}.jpg" for name in SHOWN])
        page.get_by_text(f"{len(SHOWN)} of {len(SHOWN)} done").wait_for(timeout=180_000)
        page.wait_for_timeout(1000)
        shot = page.screenshot()
        browser.close()
    return shot


if __name__ == "__main__":
    main()
