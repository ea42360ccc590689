"""Films on the page, in a real browser."""

import pytest
from tests.studio.conftest import choose, files_in, until, wait_done, wait_for

from hillotype.studio import uploads

pytest.importorskip("av", reason="films need PyAV")


def states(page):
    return page.locator("#list small").all_inner_texts()


def test_a_preview_played_then_the_whole_saved(live, open_page, barriers, long_film, gray):
    page = open_page(live)
    assert "Films too" in page.locator("#drop").inner_text()
    choose(page, ("Opa.mp4", long_film))
    wait_done(page)
    assert states(page)[0].startswith("Preview, colored in")
    wait_for(page, "document.querySelector('.after').naturalWidth === 64")
    assert not page.get_by_role("button", name="Give colors").is_visible()
    assert barriers(page) == []
    with page.expect_download() as download:
        page.get_by_role("link", name="Save preview").click()
    assert download.value.suggested_filename == "Opa-restored-preview.mp4"

    page.get_by_role("button", name="Play").click()
    until(lambda: page.locator("#player").is_visible() or page.locator("#banner").is_visible())
    if not page.locator("#banner").is_visible():  # a browser without H.264 says so there
        wait_for(page, "document.querySelector('#player').duration > 9")
        assert barriers(page) == []
        page.get_by_role("button", name="Show a frame").click()

    page.get_by_role("button", name="Make the whole film, about").click()
    wait_for(page, "document.querySelector('#save').textContent === 'Save film'")
    wait_done(page)
    assert states(page)[0].startswith("Colored in")
    with page.expect_download() as download:
        page.get_by_role("link", name="Save film").click()
    assert download.value.suggested_filename == "Opa-restored.mp4"
    assert not page.get_by_role("button", name="Make the whole film").is_visible()

    choose(page, ("a.jpg", gray))
    wait_done(page, 2)
    page.get_by_label("Strength").fill("0.2")  # a dialog is dismissed where nothing else is said
    assert page.get_by_label("Strength").input_value() == "1"
    page.get_by_role("button", name="Remove Opa.mp4").click()
    page.locator("#list .pick").last.click()
    page.get_by_text("Denoise", exact=True).click()
    page.get_by_role("button", name="Use for all").click()
    until(lambda: states(page)[1].startswith("Denoised"))
    assert states(page)[0].startswith("Colored in")
    page.on("dialog", lambda dialog: dialog.accept())
    page.locator("#list .pick").first.click()
    page.get_by_label("Strength").fill("0.2")
    until(lambda: states(page)[0].startswith("Preview, colored in"))


def test_a_whole_film_is_cancelled_and_goes_on(live, open_page, brakes, long_film):
    page = open_page(live)
    choose(page, ("Opa.mp4", long_film))
    wait_done(page)
    brakes.add(".mp4")
    page.get_by_role("button", name="Make the whole film, about").click()
    wait_for(page, "document.querySelector('#list small').textContent.startsWith('Making the whole film')")
    until(lambda: [path for each in live.sessions._sessions.values() for path in files_in(each.folder, ".nut")])
    page.get_by_role("button", name="Cancel Opa.mp4").click()
    page.get_by_role("button", name="Continue").wait_for()
    brakes.clear()
    page.get_by_role("button", name="Continue").click()
    wait_for(page, "document.querySelector('#save').textContent === 'Save film'")
    wait_done(page)


def test_a_film_is_cancelled_while_pictures_go_on(live, open_page, brakes, long_film, gray):
    brakes.add(".mp4")
    page = open_page(live)
    choose(page, ("Opa.mp4", long_film), ("a.jpg", gray))
    wait_for(page, "document.querySelectorAll('#list small')[1].textContent.startsWith('Colored in')")
    page.get_by_role("button", name="Cancel Opa.mp4").click()
    wait_for(page, "document.querySelector('#list small').textContent === 'Cancelled'")
    brakes.clear()
    page.locator("#list .pick").first.click()
    page.get_by_role("button", name="Start again").click()
    wait_for(page, "document.querySelector('#list small').textContent.startsWith('Preview, colored')")


def test_what_is_no_film_is_said_beside_it(live, open_page, long_film):
    page = open_page(live)
    choose(page, ("noise.mkv", bytes(range(256)) * 9), ("half.mp4", long_film[: len(long_film) // 2]))
    wait_done(page, 2)
    assert all("copy it again" in text for text in states(page))


def test_without_pyav_it_is_said(live, open_page, long_film, monkeypatch):
    from hillotype.studio import api

    for module in (uploads, api):
        monkeypatch.setattr(module, "reads_films", lambda: False)
    page = open_page(live)
    assert "Films too" not in page.locator("#drop").inner_text()
    choose(page, ("Opa.mp4", long_film))
    wait_done(page)
    assert "pip install 'hillotype[film]'" in states(page)[0]
