"""Trains the net of a run with pythae 0.1.2 (`pip install pythae==0.1.2`), for benchmarks/latent.py."""

import time
from pathlib import Path
from typing import cast

import torch
from pythae.data.datasets import BaseDataset
from pythae.models import VAE, VAEConfig
from pythae.models.base.base_utils import ModelOutput
from pythae.models.nn import BaseDecoder, BaseEncoder
from pythae.trainers import BaseTrainer, BaseTrainerConfig
from torch import Tensor, nn

from hillotype.models import Generative
from hillotype.models.layers import Flatten, Transposed, Unflatten
from hillotype.train.config import Run, build_model
from hillotype.train.trained import Floats

EPOCHS = 3
LEARNING_RATE = 1e-3
"""Of pythae's own configuration for MNIST; its scheduler is off by default."""


class Encoder(BaseEncoder):
    """Our encoder, answering as pythae wants it."""

    def __init__(self, net: Generative) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> ModelOutput:
        """Maps pictures (N, C, H, W) to mean and logarithm of the variance."""
        mean, logvar = self.net.posterior(x)
        return ModelOutput(embedding=mean, log_covariance=logvar)


class Decoder(BaseDecoder):
    """Our decoder, answering as pythae wants it."""

    def __init__(self, net: Generative) -> None:
        super().__init__()
        self.net = net

    def forward(self, z: Tensor) -> ModelOutput:
        """Maps codes (N, latent) to pictures."""
        return ModelOutput(reconstruction=self.net.decode(z))


def of_torch(net: nn.Module) -> nn.Module:
    """Gives a net torch's own layers, as a user of pythae would write it, in place of ours."""
    for module in net.modules():
        if isinstance(module, Transposed):
            module.__class__ = nn.ConvTranspose2d
        for name, child in module.named_children():
            if isinstance(child, Flatten):
                setattr(module, name, nn.Flatten())
            if isinstance(child, Unflatten):
                setattr(module, name, nn.Unflatten(1, (child.channels, child.side, child.side)))
    return net


def train_with_pythae(run: Run, pictures: Floats, validation: Floats, folder: Path) -> tuple[Generative, float]:
    """Trains the net of a run, from the same first weights, on pictures; returns it and the seconds that took.

    It validates after each epoch, on all of `validation`.
    """
    torch.manual_seed(run.seed)
    net = cast(Generative, of_torch(build_model(run)))
    config = VAEConfig(input_dim=pictures.shape[1:], latent_dim=net.latent, reconstruction_loss="bce")
    model = VAE(config, encoder=Encoder(net), decoder=Decoder(net))
    trainer = BaseTrainer(
        model=model,
        train_dataset=_dataset(pictures),
        eval_dataset=_dataset(validation),
        training_config=BaseTrainerConfig(
            output_dir=str(folder),
            num_epochs=EPOCHS,
            learning_rate=LEARNING_RATE,
            per_device_train_batch_size=run.optimization.batch,
            per_device_eval_batch_size=run.optimization.batch,
            seed=run.seed,
            no_cuda=True,
        ),
    )
    started = time.perf_counter()
    trainer.train()
    return net.eval(), time.perf_counter() - started


def _dataset(pictures: Floats) -> BaseDataset:
    return BaseDataset(torch.from_numpy(pictures), torch.zeros(len(pictures)))
