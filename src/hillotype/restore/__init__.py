"""Restore pictures with model files: one picture (`load`), or files and folders (`folder.restore_files`)."""

from hillotype.restore.loading import load
from hillotype.restore.restorer import Plan, Restorer

__all__ = ["Plan", "Restorer", "load"]
