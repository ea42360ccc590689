"""A scale and an offset mend what is only scaled and shifted."""

import numpy as np

from hillotype.studies.color_attempts import straightened


def test_a_scale_and_an_offset_are_undone():
    rng = np.random.default_rng(0)
    truth, others = rng.normal(0, 0.2, (2, 5, 2, 4, 4)).astype(np.float32)
    mended = straightened(truth * 0.5 + 0.3, truth, others * 0.5 + 0.3)
    assert np.abs(mended - others).max() < 1e-5


def test_a_constant_answer_becomes_the_mean():
    truth = np.random.default_rng(0).random((5, 1, 4, 4), dtype=np.float32)
    mended = straightened(np.ones_like(truth), truth, np.ones_like(truth))
    assert np.abs(mended - truth.mean()).max() < 1e-6
