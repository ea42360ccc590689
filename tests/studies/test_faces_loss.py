"""The fault of range has a floor that no net gets under, and the report's loss is what it was."""

from pathlib import Path

import numpy as np
import pytest
import torch

from hillotype.models import build
from hillotype.studies.faces_loss import equivalent_beta, fault_floor, report_loss
from hillotype.tasks import Reconstruct
from hillotype.train.trained import Trained


@pytest.fixture
def pictures():
    return np.random.default_rng(0).random((40, 3, 8, 8), dtype=np.float32)


def _trained(shift):
    torch.manual_seed(0)
    model = build("vae", in_channels=3, out_channels=3, side=8, filters=(4, 8), strides=(1, 2), latent=5)
    return Trained("net", None, model.eval(), Reconstruct(shift=shift), Path(), 0.0, 0)


def test_no_answer_of_a_sigmoid_gets_below_the_floor(pictures):
    targets = pictures - 0.5
    best = np.square(targets.clip(0, 1) - targets).mean()
    assert fault_floor(pictures) == pytest.approx(best)
    assert report_loss(_trained(0.5), pictures)["mse"] > fault_floor(pictures)
    assert fault_floor(pictures / 2 + 0.5) == 0


def test_the_loss_of_the_report_is_its_parts_and_the_same_each_time(pictures):
    parts = report_loss(_trained(0.5), pictures)
    assert parts["loss"] == pytest.approx(1e5 * parts["mse"] + parts["kl"])
    assert parts == report_loss(_trained(0.5), pictures)
    assert parts["kl"] > 0


def test_equivalent_beta_scales_the_loss_and_nothing_else(pictures):
    answers, divergence = pictures * 0.9, 7.0
    numbers = pictures[0].size
    half_sse = 0.5 * np.square(answers - pictures).reshape(40, -1).sum(axis=1).mean()
    theirs = 1e5 * np.square(answers - pictures).mean() + divergence
    ours = half_sse + equivalent_beta(numbers) * divergence
    assert theirs * numbers / 2e5 == pytest.approx(ours)
    assert equivalent_beta(3072) == pytest.approx(0.01536)
