import threading
import time
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hillotype.color import rgb_to_ycbcr
from hillotype.errors import ModelFileError
from hillotype.modelfile import load_model
from hillotype.pictures import Decoded
from hillotype.pictures.profiles import Encoding
from hillotype.pictures.rows import Spool
from hillotype.restore.tiles import run_tiled, spans


@given(
    length=st.integers(1, 3000),
    multiple=st.sampled_from([1, 2, 8, 32]),
    halo=st.integers(0, 90),
    longest=st.integers(1, 900),
)
def test_spans_cover_the_axis_once_with_their_halo(length, multiple, halo, longest):
    cut = spans(length, multiple=multiple, halo=halo, longest=longest)
    padded = -(-length // multiple) * multiple
    assert [span.start for span in cut] == [0, *(span.stop for span in cut[:-1])]
    assert cut[-1].stop == length
    for span in cut:
        assert span.start < span.stop
        assert span.size == cut[0].size
        assert span.read % multiple == span.size % multiple == 0
        assert span.read >= 0
        assert span.read + span.size <= padded
        assert span.read == 0 or span.start - span.read >= halo
        assert span.read + span.size == padded or span.read + span.size - span.stop >= halo


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (61, 90), (128, 64)])
@pytest.mark.parametrize("channels", [1, 3])
def test_tiles_equal_the_whole(tiny_zoo, size, channels):
    model = load_model("denoise-gray" if channels == 1 else "denoise-color")
    picture = np.random.default_rng(0).random((*size, channels), dtype=np.float32)
    rows, columns = (-side % 4 for side in size)
    padded = np.pad(picture, ((0, rows), (0, columns), (0, 0)), mode="reflect")
    whole = model.run(padded.transpose(2, 0, 1)[None].copy())[0].transpose(1, 2, 0)[: size[0], : size[1]]
    tiled = run_tiled(model, picture, region_side=28)
    assert np.abs(tiled - whole).max() < 1e-5


def test_a_halo_too_small_would_be_seen(tiny_zoo):
    """The test above can fail: without a halo, tiles differ."""
    model = load_model("denoise-gray")
    picture = np.random.default_rng(0).random((64, 64, 1), dtype=np.float32)
    object.__setattr__(model.card, "halo", 0)
    try:
        assert np.abs(run_tiled(model, picture, region_side=16) - run_tiled(model, picture)).max() > 1e-3
    finally:
        object.__setattr__(model.card, "halo", 5)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_integers_are_rounded_from_the_float_answer(tiny_zoo, dtype):
    model = load_model("denoise-color")
    levels = np.iinfo(dtype).max
    picture = np.random.default_rng(0).integers(0, levels, (40, 50, 3), endpoint=True, dtype=dtype)
    answer = run_tiled(model, picture.astype(np.float32) / np.float32(levels))
    expected = np.clip(answer, 0, 1) * levels
    restored = run_tiled(model, picture)
    assert restored.dtype == dtype
    assert np.abs(restored - expected).max() <= 0.51


STRENGTHS = st.floats(0, 1, width=32)
NOISY = np.random.default_rng(2).random((24, 28, 3), dtype=np.float32)


def residual_of(model, picture, **strengths):
    """What is taken out, as Y, Cb and Cr (3, H, W)."""
    out = run_tiled(model, picture, region_side=24, **strengths)
    luma_and_chroma = [rgb_to_ycbcr(pixels.astype(np.float64).transpose(2, 0, 1)[None])[0] for pixels in (picture, out)]
    return luma_and_chroma[1] - luma_and_chroma[0]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30)
@given(strength=STRENGTHS, chroma_strength=STRENGTHS | st.none())
def test_what_is_taken_out_is_one_picture_times_the_strength(tiny_zoo, strength, chroma_strength):
    model = load_model("denoise-color")
    whole = residual_of(model, NOISY)
    part = residual_of(model, NOISY, strength=strength, chroma_strength=chroma_strength)
    shares = [strength, *2 * [strength if chroma_strength is None else chroma_strength]]
    np.testing.assert_allclose(part, np.reshape(shares, (3, 1, 1)) * whole, atol=1e-6)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30)
@given(pair=st.tuples(STRENGTHS, STRENGTHS).map(sorted), other=STRENGTHS)
def test_more_strength_takes_out_more(tiny_zoo, pair, other):
    model = load_model("denoise-color")
    for name, beside, channels in (
        ("strength", "chroma_strength", slice(1)),
        ("chroma_strength", "strength", slice(1, 3)),
    ):
        less, more = (
            np.linalg.norm(residual_of(model, NOISY, **{name: strength, beside: other})[channels]) for strength in pair
        )
        assert less <= more + 1e-5


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_more_strength_changes_no_pixel_less(tiny_zoo, dtype):
    model = load_model("denoise-color")
    picture = np.round(NOISY * np.iinfo(dtype).max).astype(dtype)
    strengths = np.linspace(0, 1, 9)
    changes = [np.abs(run_tiled(model, picture, strength=s) - picture.astype(float)) for s in strengths]
    assert not changes[0].any()
    assert all((more >= less).all() for less, more in pairwise(changes))


@pytest.mark.parametrize("strength", [0.0, 0.3, 1.0])
def test_equal_strengths_are_one_strength(tiny_zoo, strength):
    model = load_model("denoise-color")
    blended = run_tiled(model, NOISY, strength=strength, chroma_strength=strength)
    np.testing.assert_array_equal(blended, run_tiled(model, NOISY, strength=strength))
    np.testing.assert_allclose(blended, NOISY + strength * (run_tiled(model, NOISY) - NOISY), atol=1e-6)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_any_number_of_threads_gives_the_same(tiny_zoo, dtype):
    picture = np.random.default_rng(3).random((90, 130, 3), dtype=np.float32)
    picture = (picture * 255).astype(dtype) if dtype == np.uint8 else picture
    alone, *others = (
        run_tiled(load_model("denoise-color", threads=threads), picture, region_side=32, chroma_strength=0.5)
        for threads in (1, 2, 3, 8)
    )
    for other in others:
        np.testing.assert_array_equal(other, alone)


def test_sheets_on_the_disk_and_of_other_colors_take_tiles_as_they_come(tiny_zoo):
    model = load_model("denoise-color", threads=4)
    encoding = Encoding(np.tile(np.linspace(0, 1, 65536, dtype=np.float32) ** 1.8, (3, 1)), np.eye(3, dtype=np.float32))
    stored = np.random.default_rng(4).integers(0, 256, (90, 130, 3), dtype=np.uint8)
    seen, out, plain = Spool(stored.shape, stored.dtype), Spool(stored.shape, stored.dtype), np.empty_like(stored)
    seen[:] = stored
    run_tiled(model, Decoded(seen, encoding), out=Decoded(out, encoding), region_side=32)
    run_tiled(model.with_threads(1), Decoded(stored, encoding), out=Decoded(plain, encoding), region_side=32)
    np.testing.assert_array_equal(out[:], plain)


def test_the_network_has_one_tile_at_a_time_while_another_is_cut_out(tiny_zoo, monkeypatch):
    """Two in the network would take twice the memory."""
    model, cut_out, beside = load_model("denoise-gray", threads=4), threading.Semaphore(0), []
    picture, real, computing = np.zeros((64, 100, 1), np.float32), model.run, threading.Lock()

    class Watched:
        shape, dtype = picture.shape, picture.dtype

        def __getitem__(self, key):
            cut_out.release()
            return picture[key]

    def run(seen):
        assert computing.acquire(blocking=False)
        beside.append(cut_out.acquire(timeout=0.2))
        answer = real(seen)
        computing.release()
        return answer

    monkeypatch.setattr(model, "run", run)
    run_tiled(model, Watched(), region_side=32)
    assert len(beside) > 4
    assert all(beside)


def test_a_tile_that_fails_ends_all(tiny_zoo, monkeypatch):
    model, begun = load_model("denoise-gray", threads=4), []

    def fail(seen):
        begun.append(seen)
        time.sleep(0.01)
        raise ModelFileError("the network fails")

    monkeypatch.setattr(model, "run", fail)
    with pytest.raises(ModelFileError, match="the network fails"):
        run_tiled(model, np.zeros((900, 900, 1), np.uint8), region_side=32)
    assert len(begun) < 900


def test_progress_ends_at_one(tiny_zoo):
    shares = []
    picture = np.zeros((64, 100, 1), np.uint8)
    run_tiled(load_model("denoise-gray"), picture, region_side=32, progress=shares.append)
    assert shares == sorted(shares)
    assert len(shares) > 4
    assert shares[-1] == 1.0
