"""The models by name: `build("residual_unet", in_channels=1, out_channels=1)`.

Every module of this folder is imported here, so a new file with a `@register` line is all that a new model needs.
"""

from importlib import import_module
from pkgutil import iter_modules

from hillotype.models.base import (
    MODELS,
    Autoencoder,
    Generative,
    ImageModel,
    build,
    normal_divergence,
    register,
)

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

__all__ = ["MODELS", "Autoencoder", "Generative", "ImageModel", "build", "normal_divergence", "register"]
