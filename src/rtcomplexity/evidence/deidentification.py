"""The de-identified record: one pure function of the identified one.

ROI names become class and number, UIDs are keyed by the plan's id, free text of the files and everything a person typed
about patient, physician or claim is left out, and a text keeps neither a UID nor a quoted ROI name. Numbers, verdict,
codes and sentences stay as they are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from rtcomplexity.evidence.naming import NOT_SHOWN, UID, coded, keyed_uid, nameless_option, roi_label
from rtcomplexity.evidence.record import NOT_STATED, Record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CODED_FIELDS: Final = frozenset({"approval", "generation", "earlier_generation", "patient_position"})
"""Texts that should be one of DICOM's own words; anything else in them is not shown."""
FREE_FIELDS: Final = frozenset({"manufacturer"})
"""Texts that can say anything."""
CLAIM_FIELDS: Final = frozenset(
    {
        "cpt_code", "modifiers", "payer", "payer_name", "global_period", "physician_minutes", "typical_minutes",
        "is_from_file",
    }
)  # fmt: skip
"""What of a stated claim identifies no one; every other field of it is left out."""
_TYPED: Final = re.compile("“[^”]*”")
"""What a user typed, as :func:`rtcomplexity.model.issue.typed` quotes it."""
_FEWEST_DOTS: Final = 2
"""In a UID that is looked for inside texts; a shorter one would be a plain number."""


def deidentified(record: Record) -> Record:
    """Return the record without what can identify a patient; one that is de-identified already stays as it is."""
    if record.privacy == "de-identified":
        return record
    tree = record.model_dump(mode="json", by_alias=True)
    hidden = _Hidden.of(record)
    tree = hidden.tree(tree) | {"privacy": "de-identified", "identification": None}
    tree["options"] = {name: hidden.text(nameless_option(name, value)) for name, value in record.options.items()}
    for roi, label in zip(tree["rois"], hidden.labels.values(), strict=True):
        roi["name"] = label
    for relation in tree["relations"]:
        relation["a"], relation["b"] = hidden.label(relation["a_number"]), hidden.label(relation["b_number"])
    if tree["plan"]["rt_plan"] is not None:
        tree["plan"]["rt_plan"]["treatment_site"] = None
    if tree["stated_claim"] is not None:
        tree["stated_claim"] = {
            key: value if key in CLAIM_FIELDS else () if isinstance(value, list) else None
            for key, value in tree["stated_claim"].items()
        }
    if tree["official_facts"] is not None:
        tree["official_facts"]["file"] = None
    return Record.model_validate(tree)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hidden:
    """What replaces names and UIDs of one plan."""

    plan_id: str
    labels: Mapping[int, str]
    """Class and number of each ROI, by its place in the record."""
    numbers: Mapping[int, str]
    """The same by ROI number."""
    quoted: Mapping[str, str]
    """Label by ROI name as a text quotes it."""
    uids: re.Pattern[str]
    """Every UID of the record, and whatever else looks like one, wherever it stands in a text."""

    @classmethod
    def of(cls, record: Record) -> _Hidden:
        labels = {place: roi_label(roi.target_class, roi.number) for place, roi in enumerate(record.rois)}
        names = {roi.name: labels[place] for place, roi in enumerate(record.rois) if roi.name}
        uids = {uid for uid in _uids(record.model_dump(mode="json")) if uid.count(".") >= _FEWEST_DOTS}
        own = "|".join(map(re.escape, sorted(uids, key=len, reverse=True)))
        return cls(
            plan_id=record.plan.id,
            labels=labels,
            numbers={roi.number: labels[place] for place, roi in enumerate(record.rois)},
            quoted={f"{mark}{name}{mark}": label for name, label in names.items() for mark in "'\""},
            uids=re.compile(rf"(?<![\d.])(?:{own})(?![\d.]*\d)|{UID.pattern}") if uids else UID,
        )

    def label(self, number: int) -> str:
        """Class and number of a ROI; a number that no ROI has is named as such."""
        return self.numbers.get(number, f"ROI {number}")

    def tree(self, value: Any, key: str = "") -> Any:  # noqa: ANN401 - any JSON value
        """Hide what identifies in every text below a key of the record."""
        if isinstance(value, dict):
            return {name: self.tree(each, name) for name, each in value.items()}
        if isinstance(value, list):
            return [self.tree(each, key) for each in value]
        return self._of_field(value, key) if isinstance(value, str) else value

    def _of_field(self, text: str, key: str) -> str:
        if key.endswith(("_uid", "_uids")):
            return keyed_uid(text, self.plan_id)
        if text == NOT_STATED:
            return text
        if key in CODED_FIELDS:
            return coded(text)
        return NOT_SHOWN if key in FREE_FIELDS else self.text(text)

    def text(self, text: str) -> str:
        """Return a text with every UID keyed, quoted ROI names as class and number, and nothing that a user typed."""
        text = self.uids.sub(lambda found: keyed_uid(found[0], self.plan_id), text)
        for name, label in self.quoted.items():
            text = text.replace(name, label)
        return _TYPED.sub("a name", text)


def _uids(value: Any, key: str = "") -> Iterator[str]:  # noqa: ANN401 - any JSON value
    """Every value of a field that holds UIDs."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _uids(each, name)
    elif isinstance(value, list):
        for each in value:
            yield from _uids(each, key)
    elif isinstance(value, str) and key.endswith(("_uid", "_uids")):
        yield value
