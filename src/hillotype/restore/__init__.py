"""Restore a picture with model files; `load` makes a restorer."""

from hillotype.restore.loading import load
from hillotype.restore.restorer import Plan, Restorer

__all__ = ["Plan", "Restorer", "load"]
