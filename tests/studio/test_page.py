"""The page, driven in a real browser."""

import zipfile

import pytest
from PIL import Image
from tests.studio.conftest import (
    choose,
    hold,
    payload,
    served,
    until,
    wait_done,
    wait_for,
    wait_held,
    wait_shown,
)

from hillotype.studio import Limits

DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 360, "height": 740}


def divider(page):
    return page.eval_on_selector("#stage", "stage => parseFloat(getComputedStyle(stage).getPropertyValue('--cut'))")


def test_drop_a_picture_see_it_restored_move_the_slider_save_it(live, open_page, gray):
    page = open_page(live)
    dropped = page.evaluate_handle(
        """bytes => {
            const held = new DataTransfer();
            held.items.add(new File([new Uint8Array(bytes)], "Oma.jpg", { type: "image/jpeg" }));
            return held;
        }""",
        list(gray),
    )
    page.dispatch_event("body", "drop", {"dataTransfer": dropped})
    wait_done(page)
    assert page.locator("#list small").inner_text().startswith("Colored in")
    wait_shown(page)
    assert page.locator(".after").evaluate("image => image.naturalWidth") == 60

    start = divider(page)
    page.locator("#cut").focus()
    for _ in range(20):
        page.keyboard.press("ArrowLeft")
    assert divider(page) < start
    box = page.locator("#stage").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2 + 90, box["y"] + 50)
    page.mouse.up()
    assert divider(page) == pytest.approx(box["width"] / 2 + 90, abs=3)

    with page.expect_download() as download:
        page.get_by_role("link", name="Save picture").click()
    assert download.value.suggested_filename == "Oma-restored.jpg"
    with Image.open(download.value.path()) as image:
        assert image.size == (60, 40)
        assert image.mode == "RGB"


def test_zoom_and_pan_with_mouse_and_keyboard(live, open_page, gray):
    page = open_page(live)
    choose(page, ("a.jpg", gray))
    wait_done(page)
    scale = "document.querySelector('.before').getBoundingClientRect().width / 60"
    wait_shown(page)
    fitted = page.evaluate(scale)
    page.get_by_role("button", name="Full resolution").click()
    assert page.evaluate(scale) == pytest.approx(1)
    page.locator("#stage").hover()
    page.mouse.wheel(0, -2500)
    wait_for(page, f"{scale} > 30")
    left = "document.querySelector('.before').getBoundingClientRect().left"
    before = page.evaluate(left)
    page.locator("#stage").focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate(left) == pytest.approx(before - 60)
    page.keyboard.press("0")
    assert page.evaluate(scale) == pytest.approx(fitted)


def test_a_picture_that_is_removed_while_its_result_comes_in(live, open_page, gray):
    page = open_page(live, reduced_motion="no-preference")
    page.evaluate("void (requestAnimationFrame = (step) => (window.step = step))")
    choose(page, ("a.jpg", gray))
    wait_for(page, "Boolean(window.step)")
    page.get_by_role("button", name="Remove a.jpg").click()
    page.get_by_role("heading", name="Drop pictures here").wait_for()
    page.evaluate("step(performance.now())")


def test_settings_do_the_picture_again(live, open_page, gray):
    page = open_page(live)
    choose(page, ("a.jpg", gray))
    wait_done(page)
    page.get_by_label("Strength").fill("0.2")
    wait_for(page, "document.querySelector('.after').src.endsWith('run=2')")
    page.get_by_text("Denoise", exact=True).click()
    wait_for(page, "document.querySelector('.after').src.endsWith('run=3')")
    wait_for(page, "document.querySelector('#list small').textContent.includes('Denoised')")
    assert not page.locator("#vividness").is_visible()
    page.get_by_label("Model").select_option("denoise-fast")
    wait_for(page, "document.querySelector('.after').src.endsWith('run=4')")


def test_a_result_that_comes_late_does_not_replace_a_newer_one(live, open_page, gray):
    page = open_page(live)
    held = hold(page, "**/after?run=1")
    choose(page, ("a.jpg", gray))
    wait_done(page)
    wait_held(page, held)
    page.get_by_label("Strength").fill("0.2")
    wait_shown(page, run=2)
    with page.expect_response("**/after?run=1"):
        held[0].fulfill(body=gray, content_type="image/jpeg")
    page.wait_for_timeout(300)
    wait_shown(page, run=2)


def test_no_picture_passes_for_another_that_is_not_there_yet(live, open_page, gray):
    page = open_page(live)
    choose(page, ("a.jpg", gray), ("b.jpg", gray))
    wait_done(page, 2)
    wait_shown(page)
    shown = "getComputedStyle(document.querySelector('.before')).opacity === '1'"
    held = hold(page, "**/before")
    page.locator("#list .pick").last.click()
    wait_held(page, held)
    wait_for(page, f"!({shown})")
    held[0].continue_()
    wait_for(page, shown)
    wait_shown(page)
    page.route("**/before", lambda route: route.abort())
    page.locator("#list .pick").first.click()
    wait_for(page, "!document.querySelector('.before').hasAttribute('src')")


def test_settings_are_sent_one_after_the_other(live, open_page, gray):
    page = open_page(live)
    held = hold(page, "**/settings")
    choose(page, ("a.jpg", gray))
    wait_done(page)
    for strength in ("0.2", "0.4"):
        page.get_by_label("Strength").fill(strength)
    wait_held(page, held)
    page.wait_for_timeout(300)
    assert strengths_of(page)[0] == 1
    held[0].continue_()
    until(lambda: strengths_of(page)[0] == 0.4)


def test_settings_chosen_while_a_picture_is_sent_are_used(live, open_page, gray):
    page = open_page(live)
    held = hold(page, "**/jobs?*")
    choose(page, ("a.jpg", gray))
    wait_held(page, held)
    page.get_by_label("Strength").fill("0.2")
    held[0].continue_()
    wait_done(page)
    until(lambda: strengths_of(page)[0] == 0.2)
    wait_shown(page, run=2)
    assert page.get_by_label("Strength").input_value() == "0.2"


def test_use_for_all_is_for_those_too_that_are_not_sent_yet(live, open_page, gray):
    page = open_page(live)
    held = hold(page, "**/jobs?*", times=3)
    choose(page, *((f"{name}.jpg", gray) for name in "abcd"))
    wait_held(page, held, 3)
    page.get_by_text("Denoise", exact=True).click()
    page.get_by_role("button", name="Use for all").click()
    for route in held:
        route.continue_()
    wait_for(page, "document.querySelectorAll('#list small').length === 4")
    until(lambda: all(text.startswith("Denoised") for text in words_of(page)))


def test_use_for_all_goes_on_where_a_picture_was_removed(live, open_page, gray):
    page = open_page(live)
    choose(page, ("a.jpg", gray), ("b.jpg", gray))
    wait_done(page, 2)
    held = hold(page, "**/settings", times=2)
    page.get_by_text("Denoise", exact=True).click()
    page.get_by_role("button", name="Use for all").click()
    page.get_by_role("button", name="Remove a.jpg").click()
    until(lambda: page.evaluate("true") and len(jobs_of(live)) == 1)
    held[0].continue_()
    wait_held(page, held, 2)
    held[1].continue_()
    until(lambda: [text[:8] for text in words_of(page)] == ["Denoised"])


def test_what_is_removed_while_it_is_worked_on_stays_removed(live, open_page, brakes, gray):
    brakes.add(".jpg")
    page = open_page(live)
    choose(page, ("a.jpg", gray), ("b.jpg", gray))
    until(lambda: [text[:7] for text in words_of(page)] == ["Working", "Working"])
    held = hold(page, "**/jobs/*", times=2)
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Remove all").click()
    wait_held(page, held, 2)
    brakes.clear()
    until(lambda: [job.status for job in jobs_of(live)] == ["done", "done"])
    choose(page, ("c.jpg", gray))  # what is told of it comes after all that is told of them
    wait_done(page)
    assert page.locator("#list strong").all_inner_texts() == ["c.jpg"]
    for route in held:
        route.continue_()
    until(lambda: page.evaluate("true") and len(jobs_of(live)) == 1)


def test_what_is_removed_while_it_is_sent_stays_removed(live, open_page, gray):
    page = open_page(live)
    held = hold(page, "**/jobs?*", times=2)
    choose(page, ("a.jpg", gray), ("b.jpg", gray))
    wait_held(page, held, 2)
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Remove all").click()
    page.get_by_role("heading", name="Drop pictures here").wait_for()
    answers = [(route, route.fetch()) for route in held]
    wait_for(page, "document.querySelectorAll('#list li').length === 2")  # nobody knows yet that these are the two
    for route, answer in answers:
        route.fulfill(response=answer)
    page.get_by_role("heading", name="Drop pictures here").wait_for()
    until(lambda: page.evaluate("true") and not jobs_of(live))
    assert page.locator("#list li").count() == 0


def test_a_page_that_is_left_while_pictures_are_sent_asks(live, open_page, gray):
    page = open_page(live)
    held = hold(page, "**/jobs?*")
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    choose(page, ("a.jpg", gray))
    wait_held(page, held)
    page.locator("#list-title").click()  # a browser asks only where somebody has done something
    page.evaluate("location.reload()")
    until(lambda: page.evaluate("true") and asked == ["beforeunload"])
    held[0].continue_()
    wait_done(page)
    page.reload()
    wait_done(page)
    assert asked == ["beforeunload"]


def test_not_all_is_removed_before_it_is_asked(live, open_page, gray):
    page = open_page(live)
    choose(page, ("a.jpg", gray), ("b.jpg", gray))
    wait_done(page, 2)
    asked = []
    page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    page.get_by_role("button", name="Remove all").click()
    assert asked == ["Remove all 2 pictures and what was made of them?"]
    assert page.locator("#list li").count() == 2


def test_a_file_that_is_gone_when_its_turn_comes_is_said(live, open_page, gray, tmp_path):
    files = [tmp_path / f"{name}.jpg" for name in "abcd"]
    for file in files:
        file.write_bytes(gray)
    page = open_page(live)
    held = hold(page, "**/jobs?*", times=3)
    page.set_input_files("#files", files)
    wait_held(page, held, 3)
    files[3].unlink()
    for route in held:
        route.continue_()
    wait_done(page, 4)
    texts = words_of(page)
    assert sum(text.startswith("Colored") for text in texts) == 3
    assert sum(text.startswith("The file cannot be read") for text in texts) == 1


def test_one_file_of_a_folder_that_cannot_be_read_does_not_stop_the_rest(live, open_page, gray):
    page = open_page(live)
    dropped = page.evaluate_handle(
        """bytes => {
            const good = new File([new Uint8Array(bytes)], "good.jpg", { type: "image/jpeg" });
            const unreadable = new DOMException("", "NotReadableError");
            const entries = [
                { isFile: true, name: "bad.jpg", file: (found, lost) => lost(unreadable) },
                { isFile: true, name: "good.jpg", file: (found) => found(good) },
            ];
            const readEntries = (found) => found(entries.splice(0));
            const folder = { isFile: false, name: "album", createReader: () => ({ readEntries }) };
            DataTransferItem.prototype.webkitGetAsEntry = () => folder;
            const held = new DataTransfer();
            held.items.add(good);
            return held;
        }""",
        list(gray),
    )
    page.dispatch_event("body", "drop", {"dataTransfer": dropped})
    wait_done(page, 2)
    texts = dict(zip(page.locator("#list strong").all_inner_texts(), words_of(page), strict=True))
    assert texts["album/bad.jpg"].startswith("The file cannot be read")
    assert texts["album/good.jpg"].startswith("Colored")


def jobs_of(studio):
    """The jobs that a studio has."""
    return [job for session in list(studio.sessions._sessions.values()) for job in session.jobs.values()]


def words_of(page):
    """What the list says of each picture."""
    return page.locator("#list small").all_inner_texts()


def test_the_strength_for_colors_follows_until_it_is_set(live, open_page, gray):
    page = open_page(live)
    choose(page, ("a.jpg", gray))
    wait_done(page)
    strength, chroma = page.get_by_label("Strength"), page.get_by_label("Color noise removed")
    strength.fill("0.6")
    assert chroma.input_value() == "0.6"
    wait_for(page, "document.querySelector('.after').src.endsWith('run=2')")
    chroma.fill("0.9")
    strength.fill("0.3")
    assert chroma.input_value() == "0.9"
    until(lambda: strengths_of(page) == (0.3, 0.9))
    page.reload()
    wait_done(page)
    assert (strength.input_value(), chroma.input_value()) == ("0.3", "0.9")
    chroma.fill("0.3")
    until(lambda: strengths_of(page) == (0.3, None))
    page.locator("#settings").get_by_text("Color", exact=True).click()
    assert not chroma.is_visible()


def strengths_of(page):
    """The strengths that the one picture of a page has in the studio."""
    state = page.evaluate("async () => (await fetch(`api/v1/sessions/${sessionStorage.getItem('session')}`)).json()")
    (job,) = state["jobs"]
    return job["settings"]["strength"], job["settings"]["chroma_strength"]


def test_one_bad_file_among_others_and_all_as_a_zip(live, open_page, gray):
    page = open_page(live)
    choose(page, ("a.jpg", gray), ("bad.jpg", gray[: len(gray) // 2]), ("note.jpg", b"no picture"), ("b.jpg", gray))
    wait_done(page, 4)
    names = page.locator("#list strong").all_inner_texts()
    texts = dict(zip(names, page.locator("#list small").all_inner_texts(), strict=True))
    assert names == ["a.jpg", "bad.jpg", "note.jpg", "b.jpg"]
    assert "truncated or damaged" in texts["bad.jpg"]
    assert "no picture" in texts["note.jpg"]
    assert "Colored" in texts["b.jpg"]
    with page.expect_download() as download:
        page.get_by_role("link", name="Save all 2").click()
    assert download.value.suggested_filename == "hillotype.zip"
    with zipfile.ZipFile(download.value.path()) as archive:
        assert sorted(archive.namelist()) == ["a-restored.jpg", "b-restored.jpg"]


def test_a_folder_brings_its_pictures_and_their_tree(live, open_page, gray, tmp_path):
    album = tmp_path / "album"
    (album / "1935").mkdir(parents=True)
    for name in ("a10.jpg", "a2.jpg", "1935/a.jpg", "note.txt", ".hidden.jpg"):
        (album / name).write_bytes(gray)
    page = open_page(live)
    page.set_input_files("#folder", album)
    wait_done(page, 3)
    assert page.locator("#list strong").all_inner_texts() == ["album/1935/a.jpg", "album/a2.jpg", "album/a10.jpg"]
    assert "2 files that are no pictures were left out" in page.locator("#left-out").inner_text()


def test_cancel_start_again_and_remove(tiny_zoo, open_page, brakes, gray, large, tmp_path):
    brakes.add(".png")
    (tmp_path / "large.png").write_bytes(large)
    with served(Limits(jobs=1)) as studio:
        page = open_page(studio)
        page.set_input_files("#files", tmp_path / "large.png")
        page.get_by_role("button", name="Cancel large.png").click()
        page.locator("#list").get_by_text("Cancelled").wait_for()
        page.get_by_role("button", name="Start again").click()
        page.get_by_role("button", name="Cancel large.png").wait_for()
        page.get_by_role("button", name="Cancel large.png").click()
        choose(page, ("a.jpg", gray))
        wait_done(page, 2)
        for name in ("large.png", "a.jpg"):
            page.get_by_role("button", name=f"Remove {name}").click()
        page.get_by_role("heading", name="Drop pictures here").wait_for()
        until(lambda: studio.sessions.stored() == 0)


def test_a_double_click_on_cancel_removes_nothing(tiny_zoo, open_page, brakes, large, tmp_path):
    brakes.add(".png")
    (tmp_path / "large.png").write_bytes(large)
    with served(Limits(jobs=1)) as studio:
        page = open_page(studio)
        page.set_input_files("#files", tmp_path / "large.png")
        cancel = page.get_by_role("button", name="Cancel large.png")
        cancel.wait_for()
        row = cancel.bounding_box()
        place = row["x"] + row["width"] - 8, row["y"] + row["height"] / 2
        page.mouse.click(*place)
        page.locator("#list").get_by_text("Cancelled").wait_for()
        page.mouse.down(click_count=2)  # the second of a double click
        page.mouse.up(click_count=2)
        page.wait_for_timeout(200)
        page.locator("#list").get_by_text("Cancelled").wait_for()


def test_a_page_that_is_loaded_again_has_its_pictures(live, open_page, gray):
    page = open_page(live)
    choose(page, ("a.jpg", gray))
    wait_done(page)
    page.reload()
    wait_done(page)
    assert page.locator("#list strong").all_inner_texts() == ["a.jpg"]


def test_a_studio_that_ends_is_said(tiny_zoo, open_page):
    with served() as studio:
        page = open_page(studio)
    page.get_by_role("alert").get_by_text("The studio does not answer").wait_for()


def test_the_token_is_in_the_address_once(tiny_zoo, browser):
    with served(token="secret") as studio:
        context = browser.new_context()
        page = context.new_page()
        assert page.goto(studio.address).status == 401
        page.goto(f"{studio.address}/?token=secret")
        page.get_by_role("heading", name="Drop pictures here").wait_for()
        assert "secret" not in page.url
        context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_no_barriers_and_no_sideways_scrolling(live, open_page, barriers, gray, scheme, viewport):
    page = open_page(live, color_scheme=scheme, viewport=viewport)
    for files in ((), (("a.jpg", gray), ("a-very-long-name-without-any-spaces-in-it-at-all-2020-01-01.jpg", b"bad"))):
        if files:
            choose(page, *files)
            wait_done(page, len(files))
        assert barriers(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_on_a_phone_what_is_chosen_and_what_is_refused_come_into_sight(live, open_page, gray):
    page = open_page(live, viewport=PHONE)
    choose(page, *((f"{name}.jpg", gray) for name in "abcd"))
    wait_done(page, 4)
    page.locator("#list .pick").last.click()
    assert page.locator("#stage").bounding_box()["y"] >= 0
    page.route("**/settings", lambda route: route.abort())
    page.get_by_text("Denoise", exact=True).click()
    page.get_by_role("button", name="Use for all").scroll_into_view_if_needed()
    page.get_by_role("alert").get_by_text("does not answer").wait_for()
    box = page.get_by_role("alert").bounding_box()
    assert 0 <= box["y"] < PHONE["height"] - box["height"]


def test_by_keyboard_alone(live, open_page, gray):
    page = open_page(live)
    choosers = []
    page.on("filechooser", lambda chooser: choosers.append(chooser))
    while page.evaluate("document.activeElement.id") != "choose":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    until(lambda: page.evaluate("true") and choosers)
    choosers[0].set_files([payload("a.jpg", gray), payload("b.jpg", gray)])
    wait_done(page, 2)
    page.locator("#list .pick").first.focus()
    page.keyboard.press("ArrowDown")
    assert page.locator("#name").inner_text() == "b.jpg"
    focused = "document.activeElement.id || document.activeElement.className"
    for left in ("pick", "choose"):
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")  # removes it
        assert page.evaluate(focused) == left
