"""Tasks: the right answer finishes to the picture itself, and doing nothing to what the row of that name shows."""

import numpy as np
import pytest
import torch

from hillotype.color import COLOR_SPACES, rgb_to_gray
from hillotype.noise import Gaussian
from hillotype.tasks import TASKS, Colorize, Denoise, Inpaint, Reconstruct, SelfDenoise

EVERY = [
    Reconstruct(),
    Reconstruct(shift=0.5),
    Denoise(),
    Denoise(shift=0.5),
    Inpaint(),
    *(Colorize(space) for space in COLOR_SPACES.values()),
    Colorize(doubt=True),
]
NAMES = [f"{task.name}-{task.space.name if task.name == 'colorize' else getattr(task, 'shift', '')}" for task in EVERY]


@pytest.fixture
def picture():
    return np.random.default_rng(0).random((2, 3, 9, 14), dtype=np.float32)


@pytest.mark.parametrize("task", EVERY, ids=NAMES)
def test_the_right_answer_gives_the_picture(task, picture):
    seen = task.observe(picture, np.random.default_rng(1))
    np.testing.assert_allclose(task.finish(seen, task.target(picture)), picture, atol=2e-5)


@pytest.mark.parametrize("task", EVERY, ids=NAMES)
def test_channels_and_ranges_are_what_the_task_says(task, picture):
    taken, given = task.channels(3)
    target = task.target(picture)
    assert task.observe(picture, np.random.default_rng(1)).shape[1] == taken
    assert target.shape[1] == given - task.doubt
    low, high = task.target_range
    assert low <= target.min()
    assert target.max() <= high


@pytest.mark.parametrize("task", EVERY, ids=NAMES)
def test_numpy_and_torch_agree(task, picture):
    tensor = torch.from_numpy(picture)
    np.testing.assert_allclose(task.target(tensor).numpy(), task.target(picture), atol=1e-5)
    seen = task.observe(tensor, torch.Generator().manual_seed(0))
    finished = task.finish(seen, task.target(tensor))
    assert finished.min() >= 0
    assert finished.max() <= 1


@pytest.mark.parametrize("space", COLOR_SPACES.values(), ids=COLOR_SPACES)
def test_an_untouched_gray_picture_is_gray(space, picture):
    task = Colorize(space)
    left = task.untouched(task.observe(picture, np.random.default_rng(0)))
    assert np.ptp(left, axis=1).max() < 2e-3


def test_colorize_shows_aged_luma_and_keeps_the_true_chroma(picture):
    task = Colorize(degrade=Gaussian((20, 20)))
    assert not np.allclose(task.observe(picture, np.random.default_rng(0)), rgb_to_gray(picture), atol=0.01)
    np.testing.assert_array_equal(task.target(picture), Colorize().target(picture))


def test_doubt_is_a_channel_more_that_the_picture_does_not_see(picture):
    task, sure = Colorize(doubt=True), Colorize()
    assert task.channels(3) == (1, 3)
    seen, chroma = task.observe(picture, np.random.default_rng(0)), task.target(picture)
    answer = np.concatenate([chroma, chroma[:, :1]], axis=1)
    np.testing.assert_array_equal(task.finish(seen, answer), sure.finish(seen, chroma))


def test_inpaint_keeps_what_is_known(picture):
    task = Inpaint()
    seen = task.observe(picture, np.random.default_rng(0))
    finished = task.finish(seen, np.zeros_like(picture))
    known = np.broadcast_to(seen[:, -1:] > 0.5, picture.shape)
    np.testing.assert_array_equal(finished[known], picture[known])
    assert (finished[~known] == 0).all()


def test_self_denoise_asks_pixels_about_their_neighbors(picture):
    """Of a smooth picture neighbors say what a pixel says itself; of noise they know nothing."""
    rows, columns = np.mgrid[0:24, 0:30].astype(np.float32) / 30
    smooth = np.stack([rows**3, rows * columns, 1 - columns**2])[None]
    task = SelfDenoise()
    seen, said = task.observe(smooth, np.random.default_rng(0)), task.target(smooth)
    assert seen.shape == said.shape == (1, 3, 12, 15)
    np.testing.assert_allclose(said[:, :, 2:-2, 2:-2], seen[:, :, 2:-2, 2:-2], atol=1e-6)
    np.testing.assert_array_equal(task.finish(seen, seen), task.untouched(seen))

    noise = np.random.default_rng(1).standard_normal((4, 3, 64, 64)).astype(np.float32)
    seen, said = task.observe(noise, np.random.default_rng(0)), task.target(noise)
    assert np.abs(np.corrcoef(seen.ravel(), said.ravel())[0, 1]) < 0.03
    assert said.std() < 0.7  # the noise of a target is a mean of many


def test_self_denoise_asks_along_edges_not_over_them():
    edge = np.zeros((1, 1, 16, 16), np.float32)
    edge[..., 7:] = 1
    for picture in (edge, edge.swapaxes(2, 3)):
        task = SelfDenoise()
        np.testing.assert_allclose(task.target(picture), task.observe(picture, np.random.default_rng(0)), atol=0.05)


def test_self_denoise_targets_depend_on_no_pixel_that_is_seen(picture):
    hidden = picture.copy()
    hidden[:, :, ::2, ::2] = 7
    np.testing.assert_array_equal(SelfDenoise().target(hidden), SelfDenoise().target(picture))


def test_self_denoise_serves_numpy_and_torch_alike(picture):
    task = SelfDenoise()
    np.testing.assert_allclose(np.asarray(task.target(torch.from_numpy(picture))), task.target(picture), atol=1e-6)


def test_the_registry_knows_every_task():
    assert set(TASKS.values()) == {*map(type, EVERY), SelfDenoise}
