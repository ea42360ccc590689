"""The report's way of testing a colorizer: whole numbers of a and b, and the statistics of the batch."""

from pathlib import Path

import numpy as np
import pytest
import torch

from hillotype.models import build
from hillotype.studies.lab_colorize import batch_statistics, truncated
from hillotype.tasks import Colorize
from hillotype.train.trained import Trained


@pytest.fixture
def trained():
    torch.manual_seed(0)
    model = build("lab_net", in_channels=1, out_channels=2)
    return Trained("net", None, model.eval(), Colorize(), Path(), 0.0, 0)


def test_truncated_goes_toward_gray():
    chroma = np.array([-12.9, -0.9, 0.0, 0.9, 12.9], dtype=np.float32) / 110
    assert truncated(chroma) * 110 == pytest.approx([-12, 0, 0, 0, 12], abs=1e-4)


def test_batch_statistics_make_an_answer_depend_on_the_others_and_leave_the_net_as_it_is(trained):
    seen = np.random.default_rng(0).random((4, 1, 16, 16), dtype=np.float32)
    before = trained.predict(seen)
    together = batch_statistics(trained, seen)
    among_others = batch_statistics(trained, np.concatenate([seen[:1], seen[1:] * 0.1]))
    assert together.shape == (4, 2, 16, 16)
    assert np.abs(together[0] - among_others[0]).max() > 1e-3
    assert np.array_equal(trained.predict(seen), before)
