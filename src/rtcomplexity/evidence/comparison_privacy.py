"""The de-identified document of a comparison: a pure function of the one with names and UIDs.

ROI names become class and number, UIDs are keyed by both files' hashes, and free text of the files is left out. Numbers
and sentences stay as they are.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from rtcomplexity.evidence.naming import coded, keyed_uid, roi_label

if TYPE_CHECKING:
    from collections.abc import Mapping


def deidentified_comparison(tree: Mapping[str, Any]) -> dict[str, Any]:
    """Return a comparison's document without what can identify a patient.

    Parameters
    ----------
    tree
        As :func:`rtcomplexity.compare.document.document` gives it.
    """
    key = hashlib.sha256(f"{tree['first']['sha256']} {tree['second']['sha256']}".encode()).hexdigest()
    return {
        **tree,
        "privacy": "de-identified",
        **{side: _side(tree[side], key) for side in ("first", "second")},
        "pairs": [_pair(pair) for pair in tree["pairs"]],
        "unmatched": {side: [_roi(each) for each in rois] for side, rois in tree["unmatched"].items()},
    }


def deidentified_observers(tree: Mapping[str, Any]) -> dict[str, Any]:
    """The same of several readers' document, as :func:`rtcomplexity.compare.document.observers_document` gives it."""
    key = hashlib.sha256(" ".join(each["sha256"] for each in tree["readers"]).encode()).hexdigest()
    return {
        **tree,
        "privacy": "de-identified",
        "readers": [_side(each, key) for each in tree["readers"]],
        "rois": [_roi(each) for each in tree["rois"]],
    }


def _side(side: Mapping[str, Any], key: str) -> dict[str, Any]:
    uid = keyed_uid(side["structure_set"], key)
    return {**side, "structure_set": uid, "approval": coded(side["approval"])}


def _pair(pair: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **pair,
        "first": roi_label(pair["target_class"], pair["first_number"]),
        "second": roi_label(pair["second_target_class"], pair["second_number"]),
        "generation": {side: coded(text) for side, text in pair["generation"].items()},
    }


def _roi(roi: Mapping[str, Any]) -> dict[str, Any]:
    return {**roi, "name": roi_label(roi["target_class"], roi["number"])}
