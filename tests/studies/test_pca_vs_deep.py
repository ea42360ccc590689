"""How many components equal an error, where the answer is known."""

import numpy as np
import pytest

from hillotype.studies.pca_vs_deep import components_needed, summed


def test_summed_is_over_the_pixels_of_a_picture():
    assert summed(np.zeros((2, 1, 4, 4)), np.full((2, 1, 4, 4), 0.5)) == pytest.approx([4.0, 4.0])


def test_components_needed_lies_between_the_sizes_that_were_measured():
    line = {10: 40.0, 20: 10.0, 40: 2.5}
    assert components_needed(line, 10.0) == pytest.approx(20)
    assert components_needed(line, 20.0) == pytest.approx(15)
    assert components_needed(line, 1.0) is None
    assert components_needed(line, 50.0) is None
