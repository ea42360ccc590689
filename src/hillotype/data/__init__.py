"""Pictures to train and test on: sources by name, deterministic splits, augmentation."""

from hillotype.data.augment import Augment
from hillotype.data.load import load_pictures
from hillotype.data.samples import Samples
from hillotype.data.sources import Source, open_source
from hillotype.data.splits import SPLITS, split_names

__all__ = ["SPLITS", "Augment", "Samples", "Source", "load_pictures", "open_source", "split_names"]
