"""Teachers: trained models whose answer a net learns beside the truth.

What several nets agree on is surer than what each of them says, and one net can learn it from them (Hinton et al. 2015,
https://arxiv.org/abs/1503.02531). They see what the net sees, so what makes pictures harder or more varied shows it
more of what they know.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor

from hillotype.errors import RecipeError
from hillotype.models import ImageModel
from hillotype.train.config import Run, build_model, build_task
from hillotype.train.start import read_start, run_of


@dataclass(frozen=True)
class Teachers:
    """The teachers of a run.

    Attributes:
        models: they answer as the run's own model shall; none if the run has no teachers.
        sources: what they have learned from, as a recipe lists it.
    """

    models: tuple[ImageModel, ...]
    sources: tuple[Mapping[str, Any], ...]

    def answer(self, seen: Tensor, fabric: Fabric) -> Tensor:
        """Returns the mean of their answers (N, k, H, W) to what the model sees (N, c, H, W)."""
        with torch.no_grad(), fabric.autocast():
            return torch.stack([model(seen).float() for model in self.models]).mean(dim=0)


def load_teachers(run: Run, fabric: Fabric) -> Teachers:
    """Loads the teachers that a run names.

    Raises:
        RecipeError: one was trained for another task, or for other channels.
        DataError: one is missing or damaged.
        ModelFileError: a model file is missing, damaged, or foreign.
    """
    models: list[ImageModel] = []
    sources: list[Mapping[str, Any]] = []
    for name in run.teachers:
        its_run = run_of(name)
        if _answers(its_run) != _answers(run):
            raise RecipeError(
                f"teachers: {name}: was trained for {_words(its_run)}, but this run is for {_words(run)}; name models "
                "for the same"
            )
        model = build_model(its_run, pretrained=False)
        sources += read_start(name, model)
        model.to(fabric.device)
        model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        models.append(model.eval())
    return Teachers(tuple(models), tuple(sources))


def _answers(run: Run) -> tuple[str, str, int, int]:
    """What a run's model answers with: the task, its color space if it has one, and channels in and out."""
    task = build_task(run)
    taken, given = task.channels(1 if run.data.gray else 3)
    return task.name, str(run.task.get("space", "")), taken, given


def _words(run: Run) -> str:
    name, space, taken, given = _answers(run)
    return f"{' in '.join(filter(None, (name, space)))}, {taken} channels to {given}"
