"""hillotype gives pictures their color and clarity back with autoencoders that anyone can train and check.

>>> import hillotype
>>> denoise = hillotype.load("denoise")  # doctest: +SKIP
>>> clean = denoise(picture)  # a PIL.Image or a float array in [0, 1]; the same kind comes back  # doctest: +SKIP
"""

from typing import TYPE_CHECKING, Any

from hillotype.errors import DataError, HillotypeError, ModelFileError, PictureError, RecipeError

if TYPE_CHECKING:
    from hillotype.restore import Restorer, load

__version__ = "0.1.0"

__all__ = [
    "DataError",
    "HillotypeError",
    "ModelFileError",
    "PictureError",
    "RecipeError",
    "Restorer",
    "__version__",
    "load",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401
    """Imports what restores pictures when it is first asked for, so that `import hillotype` takes no time."""
    if name in ("load", "Restorer"):
        from hillotype import restore

        return getattr(restore, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
