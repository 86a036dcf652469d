"""What every plan needs of this package's own data and code, made once before children are forked.

A child that had to do it for itself would spend a third of a second on it. Nothing of it comes from outside: a host
parses no plan.
"""

from __future__ import annotations

import gc
import importlib
from functools import cache
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel

from rtcomplexity.case.vocabulary import vocabulary
from rtcomplexity.evidence.record import Record
from rtcomplexity.scoring.code import code_rule
from rtcomplexity.scoring.profile_choice import shipped_by_site

if TYPE_CHECKING:
    from collections.abc import Iterator

_MODULES: Final = (
    "importlib.readers",
    "rtcomplexity.compare.catalogue",
    "rtcomplexity.dicom.registration",
    "rtcomplexity.geometry.field.body",
    "rtcomplexity.geometry.ibsi_morphology",
    "rtcomplexity.geometry.jaggedness",
)
"""Imported where they are first used: of which not every command has need."""
_LAZY: Final = (("skimage.measure", "marching_cubes"),)
"""Modules that a package imports on first use."""


@cache
def warm() -> None:
    """Import what plans need, read the built-in profiles and the vocabulary, and build the models of a record."""
    for name in _MODULES:
        importlib.import_module(name)
    for module, name in _LAZY:
        getattr(importlib.import_module(module), name)
    vocabulary()
    shipped_by_site()
    code_rule()
    for model in _models(BaseModel):
        if model.__module__.startswith(Record.__module__.partition(".")[0]):
            model.model_rebuild()
    gc.collect()
    gc.freeze()


def _models(base: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for model in base.__subclasses__():
        yield model
        yield from _models(model)
