"""Values of the layers that are computed with keep to the rules of the house, and behave as dataclasses do."""

import copy
import dataclasses
import importlib
import inspect
import pickle
import pkgutil
import re
from functools import cached_property

import pytest
from pydantic import BaseModel

import rtcomplexity.geometry
import rtcomplexity.scoring
from rtcomplexity import values


def classes():
    for package in (rtcomplexity.geometry, rtcomplexity.scoring):
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
    """A place for other attributes is only left to values that keep what they computed once."""
    keeps = any(isinstance(member, cached_property) for member in vars(value).values())
    assert ("__slots__" in vars(value)) is not keeps


@pytest.mark.parametrize("value", VALUES, ids=ids)
def test_arrays_are_never_compared_for_equality(value):
    holds_arrays = any(re.search(r"NDArray|Floats|Integers", str(field.type)) for field in dataclasses.fields(value))
    assert not (holds_arrays and value.__dataclass_params__.eq)


@pytest.mark.parametrize("model", MODELS, ids=ids)
def test_what_is_read_from_files_is_frozen_and_takes_no_unknown_key(model):
    assert model.model_config["frozen"]
    assert model.model_config["extra"] == "forbid"


class Declared:
    """A declaration with a field of every kind."""

    name: str
    size_mm: float = dataclasses.field(compare=False)
    words: tuple[str, ...] = ()
    kept: list[int] = dataclasses.field(default_factory=list, repr=False, hash=False)
    made: dict[str, int] = dataclasses.field(default_factory=dict, init=False, hash=False)
    fixed: int = dataclasses.field(default=3, init=False)

    def __post_init__(self):
        if not self.name:
            raise ValueError("no name")


def declared(decorator, name, **chosen):
    annotations = {"__annotations__": dict(Declared.__annotations__)}
    body = {key: each for key, each in vars(Declared).items() if key not in {"__dict__", "__weakref__"}}
    cls = type("Declared", (), {**body, **annotations, "__module__": __name__, "__qualname__": name})
    return decorator(frozen=True, **chosen)(cls)


SHAPES = [
    {"slots": slots, "kw_only": kw_only, "eq": eq}
    for slots in (True, False)
    for kw_only in (True, False)
    for eq in (True, False)
]
OURS = [declared(values.dataclass, f"OURS[{n}]", **shape) for n, shape in enumerate(SHAPES)]
LIBRARY = [declared(dataclasses.dataclass, f"LIBRARY[{n}]", **shape) for n, shape in enumerate(SHAPES)]
PAIRS = list(zip(OURS, LIBRARY, strict=True))
GIVEN = {"name": "GTV", "size_mm": 3.5, "kept": [1]}


@pytest.mark.parametrize(("ours", "library"), PAIRS)
def test_a_value_is_declared_as_the_library_declares_it(ours, library):
    assert str(inspect.signature(ours)) == str(inspect.signature(library))
    assert ours.__match_args__ == library.__match_args__
    assert ours.__init__.__annotations__ == library.__init__.__annotations__
    params = ("init", "repr", "eq", "order", "frozen")
    assert [getattr(ours.__dataclass_params__, p) for p in params] == [
        getattr(library.__dataclass_params__, p) for p in params
    ]
    assert vars(ours).get("__slots__") == vars(library).get("__slots__")


@pytest.mark.parametrize(("ours", "library"), PAIRS)
def test_a_value_shows_and_copies_itself_as_the_library_has_it(ours, library):
    one, other = ours(**GIVEN), library(**GIVEN)
    assert repr(one).partition("(")[2] == repr(other).partition("(")[2]
    assert dataclasses.asdict(one) == dataclasses.asdict(other)
    assert dataclasses.asdict(dataclasses.replace(one, size_mm=1.0)) == dataclasses.asdict(
        dataclasses.replace(other, size_mm=1.0)
    )
    assert dataclasses.asdict(copy.deepcopy(one)) == dataclasses.asdict(one)
    assert ours(**GIVEN).made is not ours(**GIVEN).made


@pytest.mark.parametrize(("ours", "library"), PAIRS)
def test_values_are_equal_and_hash_by_the_fields_that_the_library_takes(ours, library):
    for cls in (ours, library):
        one, alike, else_ = cls(**GIVEN), cls(**{**GIVEN, "size_mm": 9.0}), cls(**{**GIVEN, "name": "CTV"})
        by_value = cls.__dataclass_params__.eq
        assert (one == alike) is by_value
        assert (hash(one) == hash(alike)) is by_value
        assert one != else_
    assert ours(**GIVEN) != library(**GIVEN)


@pytest.mark.parametrize("cls", OURS)
def test_a_value_can_neither_be_changed_nor_made_of_what_it_does_not_hold(cls):
    value = cls(**GIVEN)
    for change in (
        lambda: setattr(value, "name", "CTV"),
        lambda: setattr(value, "other", 1),
        lambda: delattr(value, "name"),
    ):
        with pytest.raises(dataclasses.FrozenInstanceError):
            change()
    with pytest.raises(TypeError, match="other"):
        cls(**GIVEN, other=1)
    with pytest.raises(TypeError, match="size_mm"):
        cls(name="GTV")
    with pytest.raises(ValueError, match="no name"):
        cls(**{**GIVEN, "name": ""})


@values.dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """What a value may inherit from."""

    number: int

    def __repr__(self):
        return "its own"


@values.dataclass(frozen=True, slots=True, kw_only=True)
class Derived(Base):
    """Inherits a field."""

    word: str = "none"


@pytest.mark.parametrize("value", [Base(number=1), Derived(number=1, word="two")])
def test_values_survive_pickling(value):
    assert pickle.loads(pickle.dumps(value)) == value
    assert type(copy.copy(value)) is type(value)


def test_a_method_that_a_value_declares_itself_is_kept_and_fields_are_inherited():
    assert repr(Base(number=1)) == "its own"
    assert [field.name for field in dataclasses.fields(Derived)] == ["number", "word"]
    with pytest.raises(dataclasses.FrozenInstanceError):
        Derived(number=1).number = 2


def test_what_is_not_frozen_is_the_library_s_own():
    @values.dataclass(slots=True)
    class Counter:
        count: int = 0

    counter = Counter()
    counter.count += 1
    assert counter == Counter(1)
