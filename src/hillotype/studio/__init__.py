"""The studio: a page and a REST API on this computer where people restore, compare and steer."""

from hillotype.studio.app import make_app
from hillotype.studio.limits import Limits

__all__ = ["Limits", "make_app"]
