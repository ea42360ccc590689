"""Colors given to places of a picture, in a real browser."""

import io
import zipfile

import numpy as np
import pytest
from PIL import Image
from tests.studio.conftest import choose, encoded, hold, until, wait_done, wait_for, wait_held, wait_shown

PHONE = {"width": 390, "height": 800}


@pytest.fixture
def painting(live, open_page, gray):
    """Opens a page with a picture, ready to be given colors."""

    def painting(**options):
        page = open_page(live, **options)
        choose(page, ("a.jpg", gray))
        wait_done(page)
        wait_shown(page)
        with page.expect_response("**/preview?*"):  # the net is asked at once
            page.get_by_role("button", name="Give colors").click()
        wait_shown(page)
        return page

    return painting


def place(page, x, y):
    """Where a point of the picture, given in shares, is in the page."""
    box = page.locator(".before").bounding_box()
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def shade(page, x, y):
    """The color that is seen there."""
    left, top = place(page, x, y)
    shot = page.screenshot(clip={"x": left - 2, "y": top - 2, "width": 4, "height": 4})
    return np.asarray(Image.open(io.BytesIO(shot)).convert("RGB")).astype(int).mean(axis=(0, 1))


def blueness(page, x, y):
    red, green, blue = shade(page, x, y)
    return blue - (red + green) / 2


def test_a_color_is_put_and_seen_dragged_changed_removed_and_applied(painting):
    page = painting()
    plain = shade(page, 0.3, 0.7)
    page.get_by_role("radio", name="navy blue").check(force=True)
    page.mouse.click(*place(page, 0.5, 0.5))
    until(lambda: blueness(page, 0.4, 0.4) > 30)
    assert "Point 1 added: navy blue, 50% from the left, 50% from the top" in page.locator("#told").inner_text()
    assert page.get_by_role("link", name="Save picture").count() == 0  # not before it is applied

    page.mouse.move(*place(page, 0.5, 0.5))
    page.mouse.down()
    page.mouse.move(*place(page, 0.2, 0.8), steps=5)
    page.mouse.up()
    marker = page.get_by_role("button", name="Point 1: navy blue, 20% from the left, 80% from the top")
    marker.wait_for()
    until(lambda: blueness(page, 0.3, 0.7) > 30)

    page.get_by_role("radio", name="leaf green").check(force=True)
    until(lambda: blueness(page, 0.3, 0.7) < 0)
    page.get_by_role("button", name="Apply").click()
    wait_for(page, "document.querySelector('.after').src.endsWith('run=2')")
    wait_done(page)
    assert blueness(page, 0.3, 0.7) < 0
    page.get_by_role("link", name="Save picture").wait_for()

    page.get_by_role("button", name="Point 1: leaf green").click()
    page.get_by_role("button", name="Remove point").click()
    until(lambda: np.abs(shade(page, 0.3, 0.7) - plain).max() < 5)
    assert page.locator("#shown-right").inner_text() == "preview"
    page.get_by_role("button", name="Apply").click()
    wait_for(page, "document.querySelector('.after').src.endsWith('run=3')")


def test_guesses_are_shown_darker(live, open_page, gray):
    page = open_page(live)
    choose(page, ("a.jpg", gray))
    wait_done(page)
    wait_shown(page)
    button = page.get_by_role("button", name="Show guesses")
    plain = shade(page, 0.8, 0.5)
    said = "getComputedStyle(document.querySelector('.label.right'), '::after').content"
    held = hold(page, "**/certainty?*")
    button.click()
    wait_held(page, held)
    assert "looking" in page.evaluate(said)
    held[0].continue_()
    wait_for(page, f"{said}.includes('darker')")
    until(lambda: shade(page, 0.8, 0.5).mean() < plain.mean() - 5)
    button.click()
    until(lambda: np.abs(shade(page, 0.8, 0.5) - plain).max() < 5)


def test_why_there_are_no_guesses_is_said_of_the_picture_that_is_seen(live, open_page, gray):
    page = open_page(live)
    choose(page, ("a.jpg", gray), ("b.jpg", gray))
    wait_done(page, 2)
    wait_shown(page)
    asked = []

    def refuse(route):
        asked.append(route)
        if len(asked) == 1:
            route.fulfill(status=422, json={"message": "a.jpg: the model does not tell"})

    page.route("**/certainty?*", refuse, times=2)  # the map, then why there is none
    page.get_by_role("button", name="Show guesses").click()
    wait_held(page, asked, 2)
    page.locator("#list .pick").last.click()
    wait_for(page, "document.querySelector('.certainty').naturalWidth > 0")
    with page.expect_response("**/certainty?*"):
        asked[1].fulfill(status=422, json={"message": "a.jpg: the model does not tell"})
    page.wait_for_timeout(300)
    assert page.get_by_role("button", name="Show guesses").get_attribute("aria-pressed") == "true"
    assert not page.locator("#banner").is_visible()


def test_a_preview_of_a_picture_that_was_removed_is_not_missed(live, painting):
    page = painting()
    held = hold(page, "**/preview?*")
    for x in (0.3, 0.6):  # the second is waited with until the first is answered
        page.mouse.click(*place(page, x, 0.5))
    wait_held(page, held)
    page.get_by_role("button", name="Remove a.jpg").click()
    until(lambda: page.evaluate("true") and live.sessions.stored() == 0)
    with page.expect_response("**/preview?*") as answer:
        held[0].continue_()
    assert answer.value.status == 404
    page.wait_for_timeout(300)
    assert page.locator("#banner").inner_text() == ""


def test_by_keyboard_alone(painting):
    page = painting()
    page.get_by_role("radio", name="navy blue").focus()
    page.keyboard.press("Space")
    page.locator("#stage").focus()
    page.keyboard.press("Enter")
    assert "Point 1" in page.evaluate("document.activeElement.getAttribute('aria-label')")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowUp")
    assert page.locator("#told").inner_text() == "navy blue, 51% from the left, 45% from the top"
    until(lambda: blueness(page, 0.4, 0.4) > 30)
    page.keyboard.press("Delete")
    assert page.locator("#told").inner_text() == "Point removed, 0 left"
    assert page.locator(".marker").count() == 0
    assert page.evaluate("document.activeElement.id") == "stage"
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") == "stage"
    assert page.get_by_role("button", name="Apply").count() == 0


def test_a_color_taken_from_the_picture(painting):
    page = painting()
    seen = shade(page, 0.8, 0.8)
    page.get_by_role("button", name="Take from picture").click()
    page.mouse.click(*place(page, 0.8, 0.8))
    color = page.locator(".own input").input_value()
    taken = [int(color[at : at + 2], 16) for at in (1, 3, 5)]
    assert np.abs(taken - seen).max() < 12
    assert page.locator(".marker").count() == 0
    page.mouse.click(*place(page, 0.2, 0.2))
    assert color in page.locator(".marker").get_attribute("aria-label")


def test_what_is_taken_back_leaves_the_result_in_full(painting):
    page = painting()
    page.mouse.click(*place(page, 0.5, 0.5))
    wait_for(page, "document.querySelector('.after').src.startsWith('blob:')")
    page.get_by_role("button", name="Remove all points").click()
    wait_for(page, "document.querySelector('.after').src.endsWith('run=1')")
    page.get_by_role("link", name="Save picture").wait_for()


def test_colors_stay_with_their_picture(painting, gray):
    page = painting()
    page.mouse.click(*place(page, 0.5, 0.5))
    choose(page, ("b.jpg", gray))
    wait_done(page, 2)
    page.locator("#list .pick").nth(1).click()
    assert page.locator(".marker").count() == 0
    page.locator("#list .pick").first.click()
    assert page.locator(".marker").count() == 1
    wait_for(page, "document.querySelector('.after').src.startsWith('blob:')")
    page.get_by_role("button", name="Apply").click()
    wait_for(page, "document.querySelector('.after').src.endsWith('run=2')")
    wait_done(page, 2)
    page.reload()
    wait_done(page, 2)
    page.get_by_role("button", name="Give colors").click()
    assert page.locator(".marker").count() == 1


def test_to_save_all_applies_the_colors_that_were_given(painting, gray):
    page = painting()
    choose(page, ("b.jpg", gray))
    wait_done(page, 2)
    page.get_by_role("link", name="Save all 2", exact=True).wait_for()
    page.get_by_role("radio", name="navy blue").check(force=True)
    page.mouse.click(*place(page, 0.5, 0.5))
    with page.expect_download() as download:
        page.get_by_role("link", name="Apply colors, save all 2").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        shades = {}
        for name in archive.namelist():
            with archive.open(name) as file, Image.open(file) as image:
                red, green, blue = np.asarray(image).astype(int)[20, 30]
            shades[name] = blue - (red + green) / 2
    assert shades["a-restored.jpg"] > shades["b-restored.jpg"] + 30
    page.get_by_role("link", name="Save all 2", exact=True).wait_for()
    assert page.get_by_role("button", name="Apply", exact=True).is_disabled()


def test_to_save_all_leaves_out_what_is_removed_meanwhile(painting, gray):
    page = painting()
    page.mouse.click(*place(page, 0.5, 0.5))
    choose(page, ("b.jpg", gray))
    wait_done(page, 2)
    page.locator("#list .pick").last.click()
    wait_shown(page)
    page.mouse.click(*place(page, 0.5, 0.5))
    held = hold(page, "**/settings")
    page.get_by_role("link", name="Apply colors, save all 2").click()
    wait_held(page, held)
    page.get_by_role("button", name="Remove b.jpg").click()
    with page.expect_download() as download:
        held[0].continue_()
    with zipfile.ZipFile(download.value.path()) as archive:
        assert archive.namelist() == ["a-restored.jpg"]
    wait_for(page, "document.querySelector('#save-all').getAttribute('aria-disabled') === 'false'")
    assert page.locator("#banner").inner_text() == ""


@pytest.fixture
def colored():
    """A picture with colors of its own, as the bytes of a PNG."""
    rows, columns = np.mgrid[:64, :96] / 96
    return encoded(np.stack([200 - 120 * columns, 60 + 120 * rows, 90 + 60 * columns], axis=-1).astype(np.uint8))


def test_a_picture_that_has_colors_is_colored_once_it_is_given_some(live, open_page, colored):
    page = open_page(live)
    choose(page, ("a.png", colored))
    wait_done(page)
    assert "left as it is" in page.locator("#list small").inner_text()
    wait_shown(page)
    page.get_by_role("button", name="Give colors").click()
    wait_shown(page)
    page.mouse.click(*place(page, 0.5, 0.5))
    page.get_by_role("button", name="Apply").click()
    wait_for(page, "document.querySelector('#list small').textContent.includes('Colored')")
    assert page.get_by_role("radio", name="Color", exact=True).is_checked()


def test_no_color_is_taken_from_the_picture_before(live, open_page, brakes, colored, gray):
    brakes.add(".jpg")
    page = open_page(live)
    choose(page, ("postcard.png", colored), ("a.jpg", gray))
    wait_for(page, "document.querySelector('#list small').textContent.includes('left as it is')")
    wait_shown(page)
    page.locator("#list .pick").last.click()
    wait_for(page, "document.querySelector('.before').naturalWidth === 60")
    hold(page, "**/preview?*")
    page.get_by_role("button", name="Give colors").click()
    page.get_by_role("button", name="Take from picture").click()
    page.mouse.click(*place(page, 0.5, 0.5))
    color = page.locator(".own input").input_value()
    assert color[1:3] == color[3:5] == color[5:7]  # gray
    page.unroute_all()
    brakes.clear()


def test_colors_like_those_of_another_picture(live, open_page, gray, colored):
    page = open_page(live)
    choose(page, ("a.jpg", gray), ("postcard.png", colored))
    wait_done(page, 2)
    page.get_by_label("Colors like those of").select_option("postcard.png")
    wait_for(page, "document.querySelector('.after').src.endsWith('run=2')")
    page.locator("#list .pick").last.click()
    assert not page.get_by_label("Colors like those of").is_visible()  # not like itself
    page.locator("#list .pick").first.click()
    like = page.get_by_label("Colors like those of").input_value()
    assert like != ""
    page.locator("#list .pick").last.click()
    page.locator("#settings").get_by_text("Color", exact=True).click()
    wait_for(page, "document.querySelectorAll('#list small')[1].textContent.startsWith('Colored')")
    page.locator("#list .pick").first.click()
    assert page.get_by_label("Colors like those of").input_value() == like
    page.get_by_role("button", name="Remove postcard.png").click()
    wait_for(page, "document.querySelector('#likes').hidden")
    choose(page, ("b.jpg", gray))  # so that there are two to be saved
    wait_done(page, 2)
    page.get_by_role("button", name="Give colors").click()
    page.locator("#stage").press("Enter")
    with page.expect_download():
        page.get_by_role("link", name="Apply colors, save all 2").click()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_barriers_and_no_sideways_scrolling(painting, barriers, scheme):
    page = painting(color_scheme=scheme, viewport=PHONE)
    page.mouse.click(*place(page, 0.5, 0.5))
    page.locator(".marker").focus()
    page.get_by_role("button", name="Apply").wait_for()
    assert barriers(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_nothing_lies_over_a_button_where_much_is_to_be_said(live, open_page, gray, colored, tmp_path):
    folder = tmp_path / "album"
    folder.mkdir()
    for name, content in (("a.jpg", gray), ("b.jpg", gray), ("postcard.png", colored), ("note.txt", b"no picture")):
        (folder / name).write_bytes(content)
    page = open_page(live, viewport={"width": 1280, "height": 700})
    page.set_input_files("#folder", folder)
    wait_done(page, 3)
    page.get_by_text("1 file that is no picture was left out").wait_for()
    for name in ("Add more", "Save all 3", "Remove all"):
        page.get_by_text(name, exact=True).click(trial=True, timeout=5000)
    assert page.evaluate("document.querySelector('#list').scrollHeight > document.querySelector('#list').clientHeight")
