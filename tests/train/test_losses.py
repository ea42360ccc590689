import pytest
import torch
from torch.nn import functional

from hillotype.train.losses import LOSSES, loss_of, pull


def test_sums_are_means_times_the_numbers_of_a_picture():
    rng = torch.Generator().manual_seed(0)
    answer, target = torch.rand(2, 5, 3, 4, 4, generator=rng)
    assert LOSSES["half_sse"](answer, target).item() == pytest.approx(24 * LOSSES["mse"](answer, target).item())
    assert LOSSES["bce_sum"](answer, target).item() == pytest.approx(48 * LOSSES["bce"](answer, target).item())


def test_a_db_is_worth_the_same_in_every_picture_up_to_fifty():
    target = torch.zeros(2, 1, 4, 4)
    for error, below in ((0.1, 30), (0.01, 10), (0.0, 0)):
        assert LOSSES["psnr"](target + error, target).item() == pytest.approx(below, abs=0.5)
    errors = torch.tensor([0.2, 0.02])[:, None, None, None].expand(2, 1, 4, 4)
    scale = torch.ones(2, 1, 1, 1, requires_grad=True)
    LOSSES["psnr"](scale * errors, target).backward()
    assert scale.grad[0].item() == pytest.approx(scale.grad[1].item(), rel=0.05)


def test_doubt_learns_the_length_of_the_error_and_leaves_the_answer_alone():
    rng = torch.Generator().manual_seed(0)
    target = torch.rand(2, 2, 4, 4, generator=rng)
    error = torch.tensor([3.0, 4.0])[:, None, None] / 10
    plain = (target + error).requires_grad_()
    loss_of("huber", plain, target).backward()
    answer = torch.cat([target + error, torch.zeros(2, 1, 4, 4)], dim=1).requires_grad_()
    loss_of("huber", answer, target).backward()
    torch.testing.assert_close(answer.grad[:, :2], plain.grad)
    assert (answer.grad[:, 2] < 0).all()  # more doubt is wanted
    stated = torch.cat([target + error, torch.full((2, 1, 4, 4), 0.5)], dim=1)
    torch.testing.assert_close(loss_of("huber", stated, target), LOSSES["huber"](target + error, target))


def test_the_cross_entropy_is_that_of_torch_with_finite_gradients_at_the_ends():
    target = torch.tensor([0.0, 1.0, 0.3, 0.7, 0.0])
    answer = torch.tensor([0.2, 0.9, 0.5, 1.0, 1.0], requires_grad=True)
    expected = functional.binary_cross_entropy(answer.detach().clamp(1e-7, 1 - 1e-7), target)
    loss = LOSSES["bce"](answer, target)
    loss.backward()
    torch.testing.assert_close(loss.detach(), expected)
    assert answer.grad.isfinite().all()


DIVERGENCE = torch.tensor([[1.0, 0.0, 3.0], [3.0, 0.2, 1.0]])  # by number, on average: 2, 0.1, 2


def test_the_pull_is_the_divergence_of_a_picture():
    assert pull(DIVERGENCE, None, None).item() == pytest.approx(4.1)


def test_free_bits_let_each_number_hold_some():
    divergence = DIVERGENCE.clone().requires_grad_()
    pulled = pull(divergence, 0.5, None)
    pulled.backward()
    assert pulled.item() == pytest.approx(4.5)
    assert divergence.grad[:, 1].abs().max() == 0  # this number is not pulled at
    assert divergence.grad[:, 0].min() > 0


@pytest.mark.parametrize(("capacity", "sign"), [(1.0, 1), (10.0, -1)])
def test_a_capacity_is_kept_from_both_sides(capacity, sign):
    divergence = DIVERGENCE.clone().requires_grad_()
    pulled = pull(divergence, None, capacity)
    pulled.backward()
    assert pulled.item() == pytest.approx(abs(4.1 - capacity))
    assert (divergence.grad.sign() == sign).all()
