"""Payer rules on modifier 22, read from data: every row with its source, its date as far as known, and how sure it is.

A rule gates a claim only on a fact that the user stated; what is unknown of a payer stays unknown. Knows no case.
"""

from __future__ import annotations

import tomllib
from datetime import date  # noqa: TC003 - pydantic reads it
from enum import StrEnum
from typing import Final, Literal

from rtcomplexity.errors import UsageError
from rtcomplexity.model.frozen import Frozen, Text
from rtcomplexity.scoring.shipped import shipped

STALE_AFTER_DAYS: Final = 366
GLOBAL_PERIODS: Final = ("000", "010", "042", "090", "MMM", "XXX", "YYY", "ZZZ")
"""Global period indicators of fee schedules; days are written with three digits."""

UNLISTED: Final = "unlisted"
"""Id of a payer that the user stated and that no file here is about."""


class Gate(StrEnum):
    """What a payer's rule says of a global period."""

    ALLOWED = "allowed"
    NOT_ALLOWED = "not_allowed"
    UNKNOWN = "unknown"


class PayerRule(Frozen):
    """One row of what is known of a payer."""

    topic: Literal["global_period", "documents", "extra_payment", "factors"]
    text: Text
    confidence: Literal["published", "believed", "unknown"]
    source: str = ""
    as_of: date | None = None
    """Date of the source; None where it carries none."""

    def dating(self, on: date | None) -> str:
        """Say how old the rule is on a day, where both are known."""
        if self.confidence == "unknown":
            return ""
        if self.as_of is None:
            return "The source carries no date; confirm it before use."
        if on is not None and (on - self.as_of).days > STALE_AFTER_DAYS:
            return f"As of {self.as_of.isoformat()}: over 12 months before the date of service; confirm it before use."
        return f"As of {self.as_of.isoformat()}."


class Payer(Frozen):
    """A payer and its rules."""

    id: Text
    name: Text
    aliases: tuple[str, ...] = ()
    eligible_global_periods: tuple[str, ...] = ()
    """Global periods whose codes may carry modifier 22; empty where that is not known."""
    reviewed_global_periods: tuple[str, ...] = ()
    """Those decided case by case."""
    others_are_excluded: bool = True
    """Whether any other global period is out."""
    rules: tuple[PayerRule, ...]

    def gate(self, global_period: str) -> Gate:
        """Say whether a code of that global period may carry modifier 22."""
        if not self.eligible_global_periods or global_period in self.reviewed_global_periods:
            return Gate.UNKNOWN
        if global_period in self.eligible_global_periods:
            return Gate.ALLOWED
        return Gate.NOT_ALLOWED if self.others_are_excluded else Gate.UNKNOWN

    def rule(self, topic: str) -> PayerRule | None:
        """Return the row on a topic."""
        return next((rule for rule in self.rules if rule.topic == topic), None)


def payers() -> tuple[Payer, ...]:
    """Return all payers, by id."""
    found = [Payer.model_validate(tomllib.loads(file.read_text("utf-8"))) for file in shipped("payers").values()]
    return tuple(sorted(found, key=lambda payer: payer.id))


def payer_named(name: str) -> Payer:
    """Return the payer of that id, name or alias; case and spaces do not count.

    Raises
    ------
    UsageError
        If there is none.

    Examples
    --------
    >>> payer_named("UHC").name
    'UnitedHealthcare'
    """
    every = payers()
    wanted = _plain(name)
    for payer in every:
        if wanted in {_plain(each) for each in (payer.id, payer.name, *payer.aliases)}:
            return payer
    raise UsageError("--payer", name, "one of " + ", ".join(payer.id for payer in every))


def payer_stated(name: str) -> Payer:
    """Return the payer of that name; where none is known, one without rules: its own name is not repeated.

    Examples
    --------
    >>> payer_stated("Example Health").rules
    ()
    """
    try:
        return payer_named(name)
    except UsageError:
        return Payer(id=UNLISTED, name="the stated payer", rules=())


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())
