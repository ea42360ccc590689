from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

import hillotype
from hillotype.color import rgb_to_lab, rgb_to_ycbcr
from hillotype.errors import HillotypeError, ModelFileError, PictureError
from hillotype.modelfile import read_card, write_card
from hillotype.pictures import Picture
from hillotype.restore.pixels import full_scale

RNG = np.random.default_rng(3)
DTYPES = [np.uint8, np.uint16]


def picture_of(shape, dtype=np.uint8, alpha=False):
    levels = np.iinfo(dtype).max
    pixels = RNG.integers(0, levels, shape, endpoint=True, dtype=dtype)
    return Picture(
        pixels, RNG.integers(0, levels, shape[:2], endpoint=True, dtype=dtype) if alpha else None, dpi=(300.0, 300.0)
    )


def lightness_of(pixels):
    if pixels.shape[2] == 1:
        pixels = np.repeat(pixels, 3, axis=2)
    return rgb_to_lab((pixels / full_scale(pixels)).transpose(2, 0, 1)[None])[0, 0]


def ycbcr(array):
    return rgb_to_ycbcr(array.transpose(2, 0, 1)[None])


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"])
@pytest.mark.parametrize("task", ["denoise", "colorize", "restore"])
def test_images_in_images_out(tiny_zoo, task, mode):
    image = Image.new("I;16", (13, 7), 4000) if mode == "I;16" else Image.new("RGB", (13, 7), "teal").convert(mode)
    restored = hillotype.load(task)(image)
    assert restored.size == (13, 7)
    if task == "colorize":
        assert restored.mode in ("RGB", "RGBA")
    if "A" in mode:
        assert restored.getchannel("A").getextrema() == (255, 255)


@pytest.mark.parametrize("shape", [(7, 9), (7, 9, 1), (7, 9, 3), (7, 9, 4), (1, 1), (1, 1, 3)])
def test_float_arrays_in_float_arrays_out(tiny_zoo, shape):
    array = RNG.random(shape, dtype=np.float32)
    before = array.copy()
    denoised = hillotype.load("denoise")(array)
    colored = hillotype.load("colorize")(array)
    assert denoised.shape == shape
    assert colored.shape == (*shape[:2], 4 if shape[-1] == 4 else 3)
    for restored in (denoised, colored):
        assert restored.dtype == np.float32
        assert restored.min() >= 0
        assert restored.max() <= 1
        if shape[-1] == 4:
            np.testing.assert_array_equal(restored[..., 3], array[..., 3])
    np.testing.assert_array_equal(array, before)


def test_float_results_are_not_rounded(tiny_zoo):
    restored = hillotype.load("denoise")(RNG.random((20, 20, 3)))
    assert np.abs(restored * 255 - np.round(restored * 255)).max() > 0.3


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros((4, 4, 3), np.uint8), "divide it by 255"),
        (np.zeros((4, 4, 3), np.uint16), "divide it by 65535"),
        (np.zeros((4, 4), np.int64), "divide it by 255"),
        (np.zeros((4, 4), bool), "must be float"),
        (np.full((4, 4), np.nan), "NaN"),
        (np.full((4, 4), np.inf), "from inf to inf"),
        (np.full((4, 4), 200.0), "divide by the value of white"),
        (np.full((4, 4), -0.5), "must be in"),
        (np.zeros((4, 4, 2)), "shape"),
        (np.zeros((4, 4, 3, 1)), "shape"),
        (np.zeros(4), "shape"),
        (np.zeros((0, 4)), "not empty"),
        ([[0.5]], "a list"),
        ("picture.jpg", "a str"),
    ],
)
def test_other_arrays_are_refused_with_the_remedy(tiny_zoo, array, words):
    with pytest.raises(PictureError, match=words):
        hillotype.load("denoise")(array)


@pytest.mark.parametrize("strength", [-0.1, 1.5, float("nan")])
def test_strength_out_of_range_is_refused(tiny_zoo, strength):
    with pytest.raises(PictureError, match="strength"):
        hillotype.load("denoise")(np.zeros((4, 4)), strength=strength)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("channels", [1, 3])
def test_denoise_keeps_what_it_does_not_restore(tiny_zoo, dtype, channels):
    picture = picture_of((50, 41, channels), dtype, alpha=True)
    restored = hillotype.load("denoise").restore(picture)
    assert restored.pixels.dtype == dtype
    assert restored.pixels.shape == picture.pixels.shape
    assert (restored.pixels != picture.pixels).any()
    np.testing.assert_array_equal(restored.alpha, picture.alpha)
    assert replace(restored, pixels=picture.pixels).dpi == picture.dpi


def test_denoise_blends(tiny_zoo):
    picture = picture_of((50, 41, 3))
    denoise = hillotype.load("denoise")
    np.testing.assert_array_equal(denoise.restore(picture, 0.0).pixels, picture.pixels)
    changes = [
        np.abs(denoise.restore(picture, strength).pixels - picture.pixels.astype(float)).mean()
        for strength in (0.2, 0.5, 0.8, 1.0)
    ]
    assert changes == sorted(changes)


@pytest.mark.parametrize("task", ["denoise", "denoise-fast", "restore", "restore-fast"])
def test_the_noise_of_colors_has_a_strength_of_its_own(tiny_zoo, task):
    array = np.array([0.5, 0.45, 0.4]) + RNG.normal(0, 0.04, (96, 96, 3))
    restore = hillotype.load(task)
    alike = restore(array, strength=0.05)  # little, so that nothing is clipped
    np.testing.assert_array_equal(restore(array, strength=0.05, chroma_strength=0.05), alike)
    more = ycbcr(restore(array, strength=0.05, chroma_strength=0.1)) - ycbcr(alike)
    assert np.abs(more[:, 0]).max() < 1e-6
    assert np.abs(more[:, 1:]).max() > 1e-3


def test_gray_pictures_have_no_noise_of_colors(tiny_zoo):
    gray = RNG.random((20, 30), dtype=np.float32)
    for denoise in (hillotype.load("denoise"), hillotype.load(tiny_zoo / "denoise-color.onnx")):
        for picture in (gray, np.repeat(gray[..., None], 3, axis=2)):
            expected = denoise(picture, strength=0.5)
            np.testing.assert_array_equal(denoise(picture, strength=0.5, chroma_strength=0.0), expected)


@pytest.mark.parametrize("strength", [-0.1, 1.5, float("nan")])
def test_a_strength_of_colors_out_of_range_is_refused(tiny_zoo, strength):
    with pytest.raises(PictureError, match="chroma strength"):
        hillotype.load("restore")(np.zeros((4, 4)), chroma_strength=strength)


@pytest.mark.parametrize("threads", [0, -1])
def test_no_threads_at_all_are_refused(tiny_zoo, threads):
    with pytest.raises(HillotypeError, match=f"threads {threads}: must be at least 1"):
        hillotype.load("denoise", threads=threads)


def test_fast_is_another_pair(tiny_zoo):
    for shape, kind in (((20, 30, 1), "gray"), ((20, 30, 3), "color")):
        picture = picture_of(shape)
        fast, usual = (hillotype.load(name).restore(picture).pixels for name in ("denoise-fast", "denoise"))
        np.testing.assert_array_equal(fast, hillotype.load(f"denoise-fast-{kind}").restore(picture).pixels)
        assert (fast != usual).any()
    assert hillotype.load("restore-fast").denoiser.name == "denoise-fast-gray + denoise-fast-color"
    assert hillotype.load("restore").denoiser.name == "denoise-gray + denoise-color"


def test_wrong_names_are_answered_with_the_right_ones(tiny_zoo):
    for name in ("denoise-quick", ""):
        with pytest.raises(
            ModelFileError, match=r"no such model; .* one of denoise, denoise-fast, .* denoise-fast-gray"
        ):
            hillotype.load(name)
    with pytest.raises(ModelFileError, match=r"away\.onnx: no such model"):
        hillotype.load("away.onnx")


def test_gray_pictures_take_the_gray_model(tiny_zoo):
    gray = picture_of((20, 30, 1))
    three = Picture(np.repeat(gray.pixels, 3, axis=2))
    denoise = hillotype.load("denoise")
    expected = hillotype.load("denoise-gray").restore(gray).pixels
    np.testing.assert_array_equal(denoise.restore(gray).pixels, expected)
    np.testing.assert_array_equal(denoise.restore(three).pixels, np.repeat(expected, 3, axis=2))


def test_a_model_for_other_channels_is_used_or_refused(tiny_zoo):
    assert hillotype.load(tiny_zoo / "denoise-color.onnx").restore(picture_of((9, 9, 1))).pixels.shape == (9, 9, 1)
    with pytest.raises(ModelFileError, match="denoise-color"):
        hillotype.load("denoise-gray").restore(picture_of((9, 9, 3)))


@pytest.mark.parametrize("size", [(1, 1), (3, 5), (1, 3000), (3000, 1), (70, 101)])
@pytest.mark.parametrize("dtype", DTYPES)
def test_colorize_touches_color_alone(tiny_zoo, size, dtype):
    picture = picture_of((*size, 1), dtype, alpha=True)
    colored = hillotype.load("colorize").restore(picture)
    assert colored.pixels.shape == (*size, 3)
    assert colored.pixels.dtype == dtype
    np.testing.assert_array_equal(colored.alpha, picture.alpha)
    assert np.abs(lightness_of(colored.pixels) - lightness_of(picture.pixels)).max() <= 0.5
    assert (colored.pixels.max(axis=2) > colored.pixels.min(axis=2)).any()


def test_colorize_at_strength_0_is_gray_and_more_is_more(tiny_zoo):
    picture = picture_of((40, 60, 1))
    colorize = hillotype.load("colorize")
    np.testing.assert_array_equal(colorize.restore(picture, 0.0).pixels, np.repeat(picture.pixels, 3, axis=2))
    spreads = [np.ptp(colorize.restore(picture, s).pixels.astype(int), axis=2).mean() for s in (0.3, 0.6, 1.0)]
    assert spreads == sorted(spreads)
    assert spreads[0] > 0


def test_colorize_sees_lightness_alone(tiny_zoo):
    picture = picture_of((40, 60, 3))
    colored = hillotype.load("colorize").restore(picture).pixels
    assert np.abs(lightness_of(colored) - lightness_of(picture.pixels)).max() <= 0.5


def test_results_do_not_depend_on_threads(tiny_zoo):
    picture = picture_of((400, 500, 1))
    one, two = (hillotype.load("colorize", threads=threads).restore(picture).pixels for threads in (1, 2))
    np.testing.assert_array_equal(one, two)


def test_restore_does_what_is_needed():
    rows, columns = np.mgrid[:256, :256] / 256
    color = np.stack([60 + 120 * rows, 200 - 120 * columns, 90 + 60 * np.sin(9 * rows)], axis=-1)
    noise = RNG.normal(0, 20, color.shape)
    restore = hillotype.load("restore")
    for pixels, steps in (
        (color, ()),
        (color + noise, ("denoise",)),
        (color[..., :1], ("colorize",)),
        ((color + noise)[..., :1], ("denoise", "colorize")),
    ):
        picture = Picture(np.clip(np.round(pixels), 0, 255).astype(np.uint8))
        assert restore.plan(picture.pixels).steps == steps
        restored = restore.restore(picture)
        assert restored.pixels.shape[2] == (3 if "colorize" in steps else picture.pixels.shape[2])
        assert np.array_equal(restored.pixels, picture.pixels) == (not steps)


def test_progress_reaches_one(tiny_zoo):
    for task in ("denoise", "colorize", "restore"):
        shares = []
        hillotype.load(task).restore(picture_of((900, 300, 1)), progress=shares.append)
        assert shares == sorted(shares)
        assert shares.index(1.0) == len(shares) - 1


def test_what_was_found_is_said_in_words():
    plain = np.full((128, 128, 1), 120.0)
    restore = hillotype.load("restore")
    for sigma, words in ((0, "hardly any noise"), (9, "some noise"), (30, "much noise")):
        pixels = np.clip(plain + RNG.normal(0, sigma, plain.shape), 0, 255).astype(np.uint8)
        assert restore.plan(pixels).reasons == (words, "no colors")


def test_load_refuses_what_restores_no_pictures(tiny_zoo):
    path = tiny_zoo / "denoise-gray.onnx"
    write_card(path, replace(read_card(path), task="generate"))
    with pytest.raises(ModelFileError, match="generate"):
        hillotype.load(path)
    path = tiny_zoo / "colorize.onnx"
    write_card(path, replace(read_card(path), working_side=None))
    with pytest.raises(ModelFileError, match="fixed side"):
        hillotype.load("colorize")
    (tiny_zoo / "denoise-color.onnx").unlink()
    with pytest.raises(ModelFileError, match="lacks the model denoise-color"):
        hillotype.load("denoise")


def test_load_takes_no_time_twice(tiny_zoo):
    assert hillotype.load("colorize").model is hillotype.load("colorize").model


def test_public_names():
    assert set(hillotype.__all__) <= {*dir(hillotype), "Restorer", "load"}
    assert hillotype.Restorer.__name__ == "Restorer"
    with pytest.raises(AttributeError, match="nothing"):
        _ = hillotype.nothing
