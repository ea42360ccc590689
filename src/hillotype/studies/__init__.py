"""The five reports as studies: every experiment is run by one command, beside honest baselines.

Every module of this folder is imported here, so a new file with a `@study(...)` line is all that a new study needs.
"""

from importlib import import_module
from pkgutil import iter_modules

from hillotype.studies.study import STUDIES, Figure, Findings, Section, Study, find_study

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

__all__ = ["STUDIES", "Figure", "Findings", "Section", "Study", "find_study"]
