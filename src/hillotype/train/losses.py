"""What training makes small: mean per element of the answer against the target."""

from collections.abc import Callable

from torch import Tensor
from torch.nn import functional


def huber(answer: Tensor, target: Tensor) -> Tensor:
    """Quadratic below 0.1, linear above (Huber 1964); colors that many objects may have pull less than in MSE."""
    return functional.smooth_l1_loss(answer, target, beta=0.1)


LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "l1": functional.l1_loss,
    "mse": functional.mse_loss,
    "huber": huber,
}
"""The losses by the names that recipes use; each maps answer and target, both (N, C, H, W), to a scalar."""
