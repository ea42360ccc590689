import numpy as np
import pytest

from hillotype.color import rgb_to_gray
from hillotype.studies.baselines import errors
from hillotype.studies.landscape_colorize import by_components


def _landscapes(count, rng):
    """Blue above, green below; how far down the sky reaches is told by its lighter luma."""
    pictures = np.empty((count, 3, 44, 44), np.float32)
    for picture, horizon in zip(pictures, rng.integers(10, 34, count), strict=True):
        picture[:, :horizon] = np.array([0.5, 0.7, 1.0])[:, None, None]
        picture[:, horizon:] = np.array([0.1, 0.4, 0.1])[:, None, None]
    return pictures


def test_components_color_what_luma_tells():
    rng = np.random.default_rng(0)
    train, validation, test = (_landscapes(count, rng) for count in (60, 20, 20))
    answers, count = by_components(train, validation, test, (1, 5, 20, 400))
    gray = np.repeat(rgb_to_gray(test), 3, axis=1)
    assert count in (5, 20)
    assert errors(answers, test).mean() < 0.2 * errors(gray, test).mean()
    assert rgb_to_gray(answers).mean() == pytest.approx(gray.mean(), abs=0.02)
