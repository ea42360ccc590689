"""Rows on the disk behave as arrays do."""

import numpy as np
import pytest

from hillotype.pictures import new_sheet, rows, whole
from hillotype.pictures.rows import Spool, bands


@pytest.mark.parametrize("shape", [(7, 11), (7, 11, 1), (7, 11, 3)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_spool_is_as_an_array(shape, dtype):
    rng = np.random.default_rng(0)
    array, spool = np.zeros(shape, dtype), Spool(shape, np.dtype(dtype))
    keys = [slice(0, 3), (slice(2, 7), slice(4, 9)), slice(6, 7), (slice(0, 7), slice(10, 11)), slice(5, 99)]
    for key in keys:
        part = rng.integers(0, 255, array[key].shape).astype(dtype)
        array[key] = part
        spool[key] = part
    for key in (*keys, slice(None), (slice(1, 2), slice(None)), slice(3, 3)):
        np.testing.assert_array_equal(spool[key], array[key])
    np.testing.assert_array_equal(whole(spool), array)


def test_large_sheets_lie_on_the_disk(monkeypatch):
    monkeypatch.setattr(rows, "IN_MEMORY", 100)
    assert isinstance(new_sheet((5, 5, 3), np.dtype(np.uint8)), np.ndarray)
    assert isinstance(new_sheet((5, 5, 3), np.dtype(np.uint16)), Spool)


def test_bands_cover_all_rows(monkeypatch):
    monkeypatch.setattr(rows, "_BAND_BYTES", 100)
    sheet = np.zeros((10, 11, 3), np.uint8)
    assert [(band.start, band.stop) for band in bands(sheet)] == [(row, min(row + 3, 10)) for row in range(0, 10, 3)]
