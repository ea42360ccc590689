"""Pictures to train and test on: sources by name, deterministic splits, augmentation."""

from hillotype.data.augment import Augment
from hillotype.data.load import load_named_pictures, load_pictures
from hillotype.data.prepare import Preparation
from hillotype.data.readers import Source, class_of
from hillotype.data.samples import Samples
from hillotype.data.sources import open_source, place_of
from hillotype.data.splits import SPLITS, sample_names, split_names

__all__ = [
    "SPLITS",
    "Augment",
    "Preparation",
    "Samples",
    "Source",
    "class_of",
    "load_named_pictures",
    "load_pictures",
    "open_source",
    "place_of",
    "sample_names",
    "split_names",
]
