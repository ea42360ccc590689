import pytest

from hillotype.studies.architectures import correlations


def test_correlations_of_a_power_law():
    sizes = [32, 64, 128, 512, 1024]
    found = correlations(
        sizes, [10 / size**0.5 * wobble for size, wobble in zip(sizes, (1, 1.1, 1, 0.9, 1), strict=True)]
    )
    pearson = found["Pearson, of logarithms"]
    assert pearson["low"] < pearson["correlation"] < pearson["high"] < -0.5
    assert found["Spearman, of ranks"]["correlation"] == pytest.approx(-1)
    assert pearson["p"] < 0.01
