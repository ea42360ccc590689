"""Separation of codes, and how many components equal an error, on codes whose answer is known."""

import numpy as np
import pytest

from hillotype.studies.pca_vs_deep import components_needed, separation, summed


def test_summed_is_over_the_pixels_of_a_picture():
    assert summed(np.zeros((2, 1, 4, 4)), np.full((2, 1, 4, 4), 0.5)) == pytest.approx([4.0, 4.0])


def test_separation_knows_classes_that_lie_apart_from_those_that_do_not():
    rng = np.random.default_rng(0)
    labels = ["a", "b"] * 40
    apart = rng.standard_normal((80, 3)) + 20 * np.array([label == "a" for label in labels])[:, None]
    mixed = rng.standard_normal((80, 3))
    assert separation(apart, labels, apart, labels) == (1.0, pytest.approx(0.9, abs=0.1))
    right, silhouette = separation(mixed[:40], labels[:40], mixed[40:], labels[40:])
    assert right < 0.8
    assert abs(silhouette) < 0.1


def test_components_needed_lies_between_the_sizes_that_were_measured():
    line = {10: 40.0, 20: 10.0, 40: 2.5}
    assert components_needed(line, 10.0) == pytest.approx(20)
    assert components_needed(line, 20.0) == pytest.approx(15)
    assert components_needed(line, 1.0) is None
    assert components_needed(line, 50.0) is None
