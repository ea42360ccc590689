"""The errors that hillotype raises on purpose; each message names the thing, the rule and the remedy.

HillotypeError
├── PictureError     a picture file or array that cannot be read, used or written
├── ModelFileError   a model file that is missing, damaged or not ours
├── DataError        a data source that is missing, empty or unusable
└── RecipeError      a recipe or setting that contradicts itself or the model
"""


class HillotypeError(Exception):
    """Base of all errors that hillotype raises on purpose; its text is one line for the user."""


class PictureError(HillotypeError):
    """A picture file or array that cannot be read, used or written."""


class ModelFileError(HillotypeError):
    """A model file that is missing, damaged or not made by hillotype."""


class DataError(HillotypeError):
    """A data source that is missing, empty or unusable."""


class RecipeError(HillotypeError):
    """A recipe or a setting that contradicts itself, the task or the model."""
