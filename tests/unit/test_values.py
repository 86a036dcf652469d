"""Values of the layers that are computed with keep to the rules of the house."""

import dataclasses
import importlib
import inspect
import pkgutil
import re
from functools import cached_property

import pytest
from pydantic import BaseModel

import rtcomplexity.geometry
import rtcomplexity.metrics
import rtcomplexity.scoring


def classes():
    for package in (rtcomplexity.geometry, rtcomplexity.metrics, rtcomplexity.scoring):
        for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            module = importlib.import_module(found.name)
            yield from (c for _, c in inspect.getmembers(module, inspect.isclass) if c.__module__ == module.__name__)


def ids(chosen):
    return f"{chosen.__module__.removeprefix('rtcomplexity.')}.{chosen.__qualname__}"


VALUES = [c for c in classes() if dataclasses.is_dataclass(c)]
MODELS = [c for c in classes() if issubclass(c, BaseModel)]


@pytest.mark.parametrize("value", VALUES, ids=ids)
def test_a_value_cannot_be_changed_and_is_made_by_names(value):
    assert value.__dataclass_params__.frozen
    assert all(field.kw_only for field in dataclasses.fields(value))


@pytest.mark.parametrize("value", VALUES, ids=ids)
def test_a_value_holds_its_fields_and_nothing_else(value):
    """A place for other attributes is only left to values that keep what they computed once: these are never equal."""
    keeps = any(isinstance(member, cached_property) for each in value.__mro__ for member in vars(each).values())
    assert ("__slots__" in vars(value)) is not keeps
    assert not (keeps and value.__dataclass_params__.eq)


NEVER_EQUAL = {value.__name__ for value in VALUES if not value.__dataclass_params__.eq}
ARRAYS = {"NDArray", "Floats", "Integers", "Flags", "Singles", "Truths", "Whole"}
OF_OTHER_LAYERS = {"Roi", "RegionValues", "TiedImage", "CasePhases", "ImageGrid"}
"""Values of the model and of fusion that hold arrays."""


@pytest.mark.parametrize("value", [each for each in VALUES if each.__name__ != "Outcome"], ids=ids)
def test_arrays_and_tables_of_measurements_are_never_compared_for_equality(value):
    """Nor is what holds others that are not, but for the outcome of an assessment: its cohort is the one given or not.

    Values that keep what they computed once are never equal either.
    """
    types = [str(field.type) for field in dataclasses.fields(value)]
    held = {word for each in types for word in re.findall(r"\w+", each)} - {value.__name__}
    holds_table = any(re.search(r"(Mapping|dict)\[str, Measurement\]", each) for each in types)
    keeps = any(isinstance(member, cached_property) for each in value.__mro__ for member in vars(each).values())
    holds = keeps or holds_table or held & (NEVER_EQUAL | ARRAYS | OF_OTHER_LAYERS)
    assert not (holds and value.__dataclass_params__.eq)


@pytest.mark.parametrize("model", MODELS, ids=ids)
def test_what_is_read_from_files_is_frozen_and_takes_no_unknown_key(model):
    assert model.model_config["frozen"]
    assert model.model_config["extra"] == "forbid"
