"""Tasks: the right answer finishes to the picture itself, and doing nothing to what the row of that name shows."""

import numpy as np
import pytest
import torch

from hillotype.color import COLOR_SPACES, rgb_to_gray
from hillotype.noise import Gaussian
from hillotype.tasks import TASKS, Colorize, Denoise, Inpaint, Reconstruct

EVERY = [
    Reconstruct(),
    Reconstruct(shift=0.5),
    Denoise(),
    Denoise(shift=0.5),
    Inpaint(),
    *(Colorize(space) for space in COLOR_SPACES.values()),
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
    assert target.shape[1] == given
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


def test_the_registry_knows_every_task():
    assert set(TASKS) == {task.name for task in EVERY}
