"""Estimate how noisy a picture is from the picture alone."""

import numpy as np

from hillotype.evaluate.patches import Floats


def estimate_sigma(seen: Floats) -> float:
    """Estimate the standard deviation of white noise in a picture (1, C, H, W), in the picture's units.

    The median absolute second difference, which edges hardly move, scaled as for Gaussian noise; the mean over
    channels. A picture under 3 x 3 has 0.

    Source: the mask of Immerkaer 1996, https://doi.org/10.1006/cviu.1996.0060; the median of Donoho and
    Johnstone 1994, https://doi.org/10.1093/biomet/81.3.425
    """
    if min(seen.shape[2:]) < 3:
        return 0.0
    rows = seen[:, :, 2:] - 2 * seen[:, :, 1:-1] + seen[:, :, :-2]
    both = rows[..., 2:] - 2 * rows[..., 1:-1] + rows[..., :-2]
    return float(np.median(np.abs(both), axis=(2, 3)).mean()) / (6 * 0.6745)
