"""Validation does not depend on how many processes share it."""

from contextlib import nullcontext

import pytest
import torch

from hillotype.train.average import copy_weights
from hillotype.train.checkpoint import State
from hillotype.train.config import build_model, build_task
from hillotype.train.validate import validate


class Process:
    """What validation needs of a Fabric: one process of several, whose sums are collected."""

    device = torch.device("cpu")

    def __init__(self, rank, size, sums):
        self.global_rank, self.world_size, self.sums = rank, size, sums

    def autocast(self):
        return nullcontext()

    def all_reduce(self, totals, reduce_op):
        self.sums.append(totals)
        return torch.stack(self.sums).sum(0)


def test_what_has_no_truth_is_not_measured_against_one(tiny):
    run = tiny(task={"name": "self_denoise"})
    model = build_model(run)
    state = State(model, copy_weights(model), torch.optim.AdamW(model.parameters()))
    crops = torch.randint(110, 146, (3, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    scores = validate(run, build_task(run), state, crops, Process(0, 1, []))
    assert scores.keys() == {"validation_loss"}
    assert scores["validation_loss"] > 0


def test_what_is_left_alone_and_exact_has_finite_figures(tiny):
    run = tiny(task={"name": "reconstruct"})
    model = build_model(run)
    state = State(model, copy_weights(model), torch.optim.AdamW(model.parameters()))
    crops = torch.randint(110, 146, (3, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    assert validate(run, build_task(run), state, crops, Process(0, 1, []))["untouched_psnr"] == 100


def test_shares_add_up_to_the_whole(tiny):
    run = tiny()
    model = build_model(run)
    state = State(model, copy_weights(model), torch.optim.AdamW(model.parameters()))
    crops = torch.randint(110, 146, (10, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    alone = validate(run, build_task(run), state, crops, Process(0, 1, []))
    sums = []
    for rank in range(3):  # the last process sees the sums of all
        shared = validate(run, build_task(run), state, crops, Process(rank, 3, sums))
    assert shared == pytest.approx(alone)
    assert alone["untouched_psnr"] == pytest.approx(18.6, abs=0.1)  # sigma 30
