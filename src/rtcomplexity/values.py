"""Frozen dataclasses, declared as the standard library's are and made in a third of the time.

The standard library compiles four to six functions for every dataclass: for the 240 that a quick analysis loads, an
eighth of its processor time. Here only ``__init__`` is compiled. Fields, defaults, slots, ``replace`` and ``asdict``
are the standard library's own, and the rest behaves as its does; to a type checker the decorator *is* the library's.
"""

from __future__ import annotations

import dataclasses
import sys
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from dataclasses import dataclass as dataclass  # noqa: PLC0414 -- named again to be exported
else:

    def dataclass(*, frozen: bool = False, order: bool = False, **chosen: bool) -> Callable[[type], type]:
        """Declare a dataclass; what is not frozen, is ordered or inherits fields is left to the standard library."""

        def made(cls: type) -> type:
            inherits = any(dataclasses.is_dataclass(base) for base in cls.__mro__[1:])
            if not frozen or order or inherits:
                return dataclasses.dataclass(frozen=frozen, order=order, **chosen)(cls)
            return _frozen(cls, **chosen)

        return made


class _Factory:
    """Default of an argument whose field has a factory."""

    def __repr__(self) -> str:
        return "<factory>"


_FACTORY: Final = _Factory()
_NO_DEFAULT: Final = dataclasses.MISSING
_PICKLED_AS_FIELDS: Final = "__getstate__", "__setstate__"


def _frozen(cls: type, *, slots: bool = False, kw_only: bool = False, eq: bool = True) -> Any:  # noqa: ANN401 -- a type
    """Make a class of its declaration; methods that it declares itself are kept."""
    own = set(cls.__dict__)
    made: Any = dataclasses.dataclass(init=False, repr=False, eq=False, slots=slots, kw_only=kw_only)(cls)
    fields = dataclasses.fields(made)
    names = tuple(field.name for field in fields)
    methods: dict[str, Any] = {"__init__": _init(made, fields), "__repr__": _repr(fields)}
    if eq:
        compared = tuple(field.name for field in fields if field.compare)
        hashed = tuple(field.name for field in fields if (field.compare if field.hash is None else field.hash))
        methods |= {"__eq__": _eq(_values_of(compared)), "__hash__": _hash(_values_of(hashed))}
    if slots:
        methods |= dict(zip(_PICKLED_AS_FIELDS, _state(names), strict=True))
    methods |= {"__setattr__": _setattr(made, frozenset(names)), "__delattr__": _delattr(made, frozenset(names))}
    for name, method in methods.items():
        if name not in own:
            method.__qualname__ = f"{made.__qualname__}.{name}"
            setattr(made, name, method)
    told = made.__dataclass_params__
    told.init, told.repr, told.eq, told.frozen = True, True, eq, True
    return made


def _init(cls: Any, fields: Sequence[dataclasses.Field[Any]]) -> Any:  # noqa: ANN401 -- a class made at run time
    """Compile ``__init__``, the one function that differs by more than names of fields."""
    ordered = sorted((field for field in fields if field.init), key=lambda field: field.kw_only is True)
    factories = {field.name: field.default_factory for field in fields if _has_factory(field)}
    text = _init_text(ordered, fields, factories, checks=hasattr(cls, "__post_init__"))
    made: dict[str, Any] = {}
    exec(text, sys.modules[cls.__module__].__dict__, made)  # noqa: S102 -- names of fields alone
    init = made["_make"](object.__setattr__, factories, _FACTORY, {f.name: f.default for f in fields if not f.init})
    given = [(field, _default_of(field)) for field in ordered]
    init.__defaults__ = tuple(value for field, value in given if not field.kw_only and value is not _NO_DEFAULT) or None
    init.__kwdefaults__ = {f.name: value for f, value in given if f.kw_only and value is not _NO_DEFAULT} or None
    init.__annotations__ = {**{field.name: field.type for field in ordered}, "return": None}
    return init


def _has_factory(field: dataclasses.Field[Any]) -> bool:
    return field.default_factory is not dataclasses.MISSING


def _default_of(field: dataclasses.Field[Any]) -> Any:  # noqa: ANN401 -- any value
    return _FACTORY if _has_factory(field) else field.default


def _init_text(
    ordered: Sequence[dataclasses.Field[Any]],
    fields: Sequence[dataclasses.Field[Any]],
    factories: dict[str, Any],
    *,
    checks: bool,
) -> str:
    """Source of a function that makes ``__init__``; defaults are set on what it returns."""
    positional = [field.name for field in ordered if not field.kw_only]
    keywords = [field.name for field in ordered if field.kw_only]
    arguments = ", ".join(["self", *positional, *(["*", *keywords] if keywords else [])])
    lines = [f"  _set(self, {field.name!r}, {_value_text(field, factories)})" for field in fields if _is_set(field)]
    lines += ["  self.__post_init__()"] if checks else []
    body = "\n".join(lines or ["  pass"])
    return f"def _make(_set, _factories, _absent, _fixed):\n def __init__({arguments}):\n{body}\n return __init__"


def _is_set(field: dataclasses.Field[Any]) -> bool:
    """Whether ``__init__`` sets a field: not where neither its caller nor its class says what to."""
    return field.init or _has_factory(field) or field.default is not dataclasses.MISSING


def _value_text(field: dataclasses.Field[Any], factories: dict[str, Any]) -> str:
    name, made = field.name, f"_factories[{field.name!r}]()"
    if not field.init:
        return made if name in factories else f"_fixed[{name!r}]"
    return f"{made} if {name} is _absent else {name}" if name in factories else name


def _values_of(names: Sequence[str]) -> Callable[[Any], Any]:
    """Give a function that returns these fields as a tuple."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda value: tuple(getattr(value, name) for name in names)


def _repr(fields: Sequence[dataclasses.Field[Any]]) -> Any:  # noqa: ANN401
    shown = tuple(field.name for field in fields if field.repr)

    @recursive_repr()
    def __repr__(self: Any) -> str:  # noqa: ANN401, N807
        return f"{self.__class__.__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"

    return __repr__


def _eq(values_of: Callable[[Any], Any]) -> Any:  # noqa: ANN401
    def __eq__(self: Any, other: object) -> Any:  # noqa: ANN401, N807
        return values_of(self) == values_of(other) if other.__class__ is self.__class__ else NotImplemented

    return __eq__


def _hash(values_of: Callable[[Any], Any]) -> Any:  # noqa: ANN401
    def __hash__(self: Any) -> int:  # noqa: ANN401, N807
        return hash(values_of(self))

    return __hash__


def _setattr(cls: Any, names: frozenset[str]) -> Any:  # noqa: ANN401
    def __setattr__(self: Any, name: str, value: object) -> None:  # noqa: ANN401, N807
        if type(self) is cls or name in names:
            raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")
        super(cls, self).__setattr__(name, value)

    return __setattr__


def _delattr(cls: Any, names: frozenset[str]) -> Any:  # noqa: ANN401
    def __delattr__(self: Any, name: str) -> None:  # noqa: ANN401, N807
        if type(self) is cls or name in names:
            raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
        super(cls, self).__delattr__(name)

    return __delattr__


def _state(names: Sequence[str]) -> tuple[Any, Any]:
    """What pickle and copy keep of a value with slots, and how they give it back."""

    def __getstate__(self: Any) -> list[Any]:  # noqa: ANN401, N807
        return [getattr(self, name) for name in names]

    def __setstate__(self: Any, state: list[Any]) -> None:  # noqa: ANN401, N807
        for name, value in zip(names, state, strict=True):
            object.__setattr__(self, name, value)

    return __getstate__, __setstate__
