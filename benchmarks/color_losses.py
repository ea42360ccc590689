"""What a colorizer learns by, each measured: Huber, Huber of the edges as well, and classes of color.

    python benchmarks/color_losses.py [--steps 450] [--threads 1]

The net, its frozen encoder, pictures (those of recipes/colorize.toml), their order and the steps are the same; nothing
but the head and the loss differs. Three nets are trained, seven minutes of a core each at 450 steps, which is
far from done: it ranks what is learned by, and says nothing of what the shipped model can do. Measured on validation
pictures, as guessed at their own size, without vividness or raising; intervals are of the difference to Huber, in the
same pictures.

Classes: a grid of steps of 10 in a*, b*, at stride 4; targets are soft (a Gaussian of 5), rare colors weigh more (half
of the weight's inverse is uniform), and the annealed mean of the probabilities is the answer (Zhang et al. 2016,
Colorful Image Colorization, https://arxiv.org/abs/1603.08511).
"""

import argparse
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.nn import functional

from hillotype.color import LAB_CHROMA_SCALE, Lab, rgb_to_lab
from hillotype.data.images import to_floats
from hillotype.metrics import bootstrap_interval, colorfulness, delta_e2000, psnr
from hillotype.models.skip import Lite0UNet
from hillotype.tasks import Colorize
from hillotype.train.average import averaged, copy_weights, update_average
from hillotype.train.batches import Pictures, batches, load_split, randomness
from hillotype.train.config import Run, build_task, read_recipe
from hillotype.train.loop import schedule
from hillotype.train.losses import huber

RECIPE = Path(__file__).parents[1] / "recipes" / "colorize.toml"
STEP, SOFTNESS = 10 / LAB_CHROMA_SCALE, 5 / LAB_CHROMA_SCALE
UNIFORM = 0.5
"""The share of the uniform distribution in what weights are the inverse of."""
ANNEALED = 0.38
"""The temperature of Zhang et al.; 1 is the mean of the probabilities as they are."""
CHANGES = {
    "optimization.batch": 32,
    "data.augment": {"crop": 128, "cover": [0.5, 1.0], "flip": True},
    "task": {"name": "colorize", "space": "lab"},
}
TITLES = ("PSNR over gray", "CIEDE2000 / gray's", "colorfulness / truth's")


class Regression(nn.Module):
    """Answers with a*, b*; learns by Huber, and by Huber of what changes from pixel to pixel, `edges` times."""

    def __init__(self, edges: float) -> None:
        super().__init__()
        self.net, self.edges = Lite0UNet(), edges

    def loss(self, seen: Tensor, target: Tensor) -> Tensor:
        """Returns the loss of a batch."""
        answer = self.net(seen).float()
        loss = huber(answer, target)
        if self.edges:
            loss = loss + self.edges * sum(huber(answer.diff(dim=axis), target.diff(dim=axis)) for axis in (2, 3))
        return loss

    def forward(self, seen: Tensor, temperature: float) -> Tensor:
        """Maps L* / 100 (N, 1, H, W) to (a*, b*) / 110 (N, 2, H, W)."""
        answer: Tensor = self.net(seen)
        return answer


class Classes(nn.Module):
    """Answers with the probabilities of the colors of a grid, at stride 4; learns by their cross-entropy."""

    def __init__(self, common: Tensor) -> None:
        super().__init__()
        self.net = Lite0UNet()
        self.net.head, self.net.fuse[0] = nn.Identity(), nn.Identity()  # of stride 2
        self.register_buffer("colors", grid())
        nearest = torch.cdist(common, self.colors).argmin(dim=1)
        share = torch.bincount(nearest, minlength=len(self.colors)) / len(nearest)
        weights = 1 / ((1 - UNIFORM) * share + UNIFORM / len(share))
        self.register_buffer("weights", weights / (share * weights).sum())
        self.classify = nn.Conv2d(40, len(self.colors), 3, padding=1)

    def logits(self, seen: Tensor) -> Tensor:
        """Maps L* / 100 (N, 1, H, W) to (N, classes, H / 4, W / 4)."""
        logits: Tensor = self.classify(self.net.decoded(seen)[1])
        return logits.float()

    def loss(self, seen: Tensor, target: Tensor) -> Tensor:
        """Returns the loss of a batch."""
        soft = torch.softmax(-torch.cdist(at_stride_4(target), self.colors).square() / (2 * SOFTNESS**2), dim=1)
        chances = torch.log_softmax(of_pixels(self.logits(seen)), dim=1)
        return -(self.weights[soft.argmax(dim=1)] * (soft * chances).sum(dim=1)).mean()

    def forward(self, seen: Tensor, temperature: float) -> Tensor:
        """Maps L* / 100 (N, 1, H, W) to (a*, b*) / 110 (N, 2, H, W)."""
        chances = torch.softmax(self.logits(seen) / temperature, dim=1)
        mean = torch.einsum("nkhw,kc->nchw", chances, self.colors)
        return functional.interpolate(mean, scale_factor=4.0, mode="bilinear", align_corners=False)


def of_pixels(planes: Tensor) -> Tensor:
    """Maps (N, C, H, W) to (N H W, C)."""
    return planes.permute(0, 2, 3, 1).flatten(0, 2)


def at_stride_4(chroma: Tensor) -> Tensor:
    """Returns the mean colors (K, 2) of the squares of 4 x 4 pixels of (N, 2, H, W)."""
    return of_pixels(functional.avg_pool2d(chroma, 4))


def grid() -> Tensor:
    """Returns the colors (K, 2) of a grid in a*, b* / 110 that sRGB has at some lightness."""
    levels = torch.linspace(0, 1, 48)
    cube = torch.cartesian_prod(levels, levels, levels).T[None, :, None]
    chroma = rgb_to_lab(cube)[0, 1:, 0].T / LAB_CHROMA_SCALE
    return torch.unique((chroma / STEP).round(), dim=0) * STEP


def learn(model: Regression | Classes, run: Run, pictures: Pictures, fabric: Fabric) -> dict[str, Tensor]:
    """Trains a model on the pictures of a run; returns the averaged weights."""
    settings, task = run.optimization, build_task(run)
    model.to(memory_format=torch.channels_last)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, weight_decay=settings.weight_decay, fused=True)
    average = copy_weights(model)
    model.train()
    for step, picture in enumerate(batches(run, pictures, 0, fabric)):
        optimizer.param_groups[0]["lr"] = settings.learning_rate * schedule(step / settings.steps, settings)
        with torch.autocast("cpu", torch.bfloat16):
            loss = model.loss(task.observe(picture, randomness(fabric, run.seed, step)), task.target(picture))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(trained, settings.clip)
        optimizer.step()
        update_average(average, model, step + 1, settings.ema)
        if (step + 1) % 100 == 0:
            print(f"{type(model).__name__}, step {step + 1}, loss {loss.item():.4f}", flush=True)
    return average


def measured(model: Regression | Classes, pictures: Pictures, temperature: float) -> np.ndarray:
    """Returns (n, 6): PSNR and CIEDE2000 of each answer, the same of gray, the colorfulness of answer and truth."""
    task, rows = Colorize(Lab()), []
    for pixels in pictures:
        true = torch.from_numpy(to_floats(pixels))[None]
        height, width = (side // 32 * 32 for side in true.shape[2:])
        true = true[..., :height, :width]
        seen = task.observe(true, torch.Generator())
        answer, gray = task.finish(seen, model(seen, temperature)), task.untouched(seen)
        figures = [f(each, true) for each in (answer, gray) for f in (psnr, delta_e2000)]
        rows.append([float(value) for value in (*figures, colorfulness(answer), colorfulness(true))])
    return np.array(rows)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=450)
    parser.add_argument("--threads", type=int, default=1)
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    run = read_recipe(RECIPE, CHANGES | {"optimization.steps": chosen.steps})
    fabric = Fabric(accelerator="cpu", devices=1)
    training, validation = load_split(run, "train"), load_split(run, "validation")
    few = torch.cat([build_task(run).target(batch) for batch in islice(batches(run, training, 0, fabric), 20)])
    tables: dict[str, np.ndarray] = {}
    for name, make, temperatures in (
        ("Huber", lambda: Regression(0.0), (1.0,)),
        ("Huber, of edges too", lambda: Regression(1.0), (1.0,)),
        ("classes", lambda: Classes(at_stride_4(few)), (1.0, ANNEALED)),
    ):
        torch.manual_seed(run.seed)
        model = make()
        with averaged(model, learn(model, run, training, fabric)):
            for temperature in temperatures:
                said = f", temperature {temperature:g}" if len(temperatures) > 1 else ""
                tables[name + said] = measured(model, validation, temperature)
    print(f"\n{chosen.steps} steps of {run.optimization.batch}, seed {run.seed}; validation, n = {len(validation)}\n")
    print(f"| learned by | {' | '.join(TITLES)} | PSNR less Huber's (95%) |\n|---|---|---|---|---|")
    rng, first = np.random.default_rng(0), tables["Huber"]
    for name, table in tables.items():
        decibels, difference, gray_decibels, gray_difference, colorful, truly = table.mean(axis=0)
        better = table[:, 0] - first[:, 0]
        low, high = bootstrap_interval(better, rng=rng)
        cells = f"{decibels - gray_decibels:+.2f} | {difference / gray_difference:.3f} | {colorful / truly:.2f}"
        print(f"| {name} | {cells} | {better.mean():+.2f} ({low:+.2f}, {high:+.2f}) |")


if __name__ == "__main__":
    main()
