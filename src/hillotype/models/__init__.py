"""The models by name: `build("residual_unet", in_channels=1, out_channels=1)`."""

from hillotype.models.base import MODELS, ImageModel, build, register
from hillotype.models.skip import Lite0UNet, ResidualUNet

__all__ = ["MODELS", "ImageModel", "Lite0UNet", "ResidualUNet", "build", "register"]
