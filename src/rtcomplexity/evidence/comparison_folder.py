"""The files that a comparison leaves: document, table, page, report, and a manifest that shows whether one was changed.

Knows bytes and the document of a comparison; reads no file and compares no contours. A manifest is no proof of
authorship: whoever can write files can write such a folder.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from rtcomplexity.errors import InputDataError
from rtcomplexity.evidence.formats.comparison import comparison_csv, comparison_html
from rtcomplexity.evidence.formats.comparison_pdf import comparison_pdf
from rtcomplexity.evidence.manifest import MANIFEST_FILE, digest
from rtcomplexity.evidence.verification import MOST_TOLD, agree

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rtcomplexity.compare.plane_pictures import PlanePicture
    from rtcomplexity.pictures.compared import PairSlices

DOCUMENT, TABLE, PAGE, REPORT = "comparison.json", "comparison.csv", "comparison.html", "comparison.pdf"
OUTPUTS: Final = (DOCUMENT, TABLE, PAGE, REPORT)
SCHEMA: Final = "rtcomplexity/comparison-manifest/1"
_TRY: Final = "a folder that compare --out left."


def comparison_files(
    tree: Mapping[str, Any],
    pictures: Sequence[Sequence[PlanePicture]],
    surfaces: Sequence[Sequence[PlanePicture]],
    slices: Sequence[PairSlices | None],
) -> dict[str, bytes]:
    """Every file of a comparison's folder, by name.

    Parameters
    ----------
    tree
        The document, de-identified or not.
    pictures
        Of the planes of each pair of ROIs.
    surfaces
        Of the surface of each pair.
    slices
        Planes of each pair to page through; None where there are none.
    """
    document = _json(tree)
    outputs = {
        DOCUMENT: document,
        TABLE: comparison_csv(tree),
        PAGE: comparison_html(tree, pictures, surfaces, slices),
        REPORT: comparison_pdf(tree, document, pictures, surfaces),
    }
    return {**outputs, MANIFEST_FILE: _sealed(_manifest(tree, outputs))}


def comparison_problems(files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Say what of a folder is not as it was written; nothing where all is.

    Raises
    ------
    InputDataError
        If the manifest or the document cannot be read.
    """
    manifest, tree = _tree(files, MANIFEST_FILE), _tree(files, DOCUMENT)
    if manifest.get("schema") != SCHEMA:
        raise InputDataError("The folder's manifest is not that of a comparison.", _TRY)
    try:
        return tuple(_problems(files, manifest, tree))
    except (KeyError, TypeError) as fault:
        text = f"{MANIFEST_FILE} or {DOCUMENT} lacks what compare --out writes."
        raise InputDataError(text, _TRY) from fault


def _problems(files: Mapping[str, bytes], manifest: Mapping[str, Any], tree: Mapping[str, Any]) -> Iterator[str]:
    if _sealed(manifest) != files[MANIFEST_FILE]:
        yield f"{MANIFEST_FILE} is not as it was written"
    listed = {each["name"]: each for each in manifest["outputs"]}
    for name in OUTPUTS:
        if name not in files:
            yield f"{name} is missing"
        elif name not in listed or digest(files[name]) != listed[name]["sha256"]:
            yield f"{name} was changed"
    if TABLE in files and files[TABLE] != comparison_csv(tree):
        yield f"{TABLE} does not say what {DOCUMENT} says"
    if manifest["inputs"] != _inputs(tree):
        yield f"{DOCUMENT} names other inputs than {MANIFEST_FILE}"


def comparison_differences(saved: Mapping[str, Any], derived: Mapping[str, Any]) -> tuple[str, ...]:
    """Say in what a document that was derived again differs from the saved one, beyond 1e-5 relative.

    Both hold the same pairs of ROIs in the same order.
    """
    sides = [side for side in ("first", "second") if saved[side]["sha256"] != derived[side]["sha256"]]
    found = [f"the {side} structure set is another file" for side in sides]
    for one, other in zip(saved["pairs"], derived["pairs"], strict=True):
        found += [
            f"{key} of {one['first']}"
            for key, metric in one["metrics"].items()
            if not agree(metric["value"], other["metrics"].get(key, {}).get("value"))
        ]
    more = [f"{len(found) - MOST_TOLD} more"] if len(found) > MOST_TOLD else []
    return (*found[:MOST_TOLD], *more)


def saved_document(files: Mapping[str, bytes]) -> dict[str, Any]:
    """The document of a folder.

    Raises
    ------
    InputDataError
        If it cannot be read.
    """
    return _tree(files, DOCUMENT)


def _manifest(tree: Mapping[str, Any], outputs: Mapping[str, bytes]) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "software": tree["software"],
        "privacy": tree["privacy"],
        "inputs": _inputs(tree),
        "outputs": [
            {"name": name, "bytes": len(content), "sha256": digest(content)}
            for name, content in sorted(outputs.items())
        ],
    }


def _inputs(tree: Mapping[str, Any]) -> list[dict[str, str]]:
    return [{"kind": "RTSTRUCT", "side": side, "sha256": tree[side]["sha256"]} for side in ("first", "second")]


def _sealed(manifest: Mapping[str, Any]) -> bytes:
    """The manifest with its own digest, over itself without it."""
    bare = {key: value for key, value in manifest.items() if key != "sha256"}
    return _json({**bare, "sha256": digest(_json(bare))})


def _json(tree: Mapping[str, Any]) -> bytes:
    return (json.dumps(tree, ensure_ascii=False, allow_nan=False, indent=2) + "\n").encode()


def _tree(files: Mapping[str, bytes], name: str) -> dict[str, Any]:
    try:
        found = json.loads(files[name])
    except (KeyError, ValueError) as fault:
        raise InputDataError(f"{name} is not there or cannot be read.", _TRY) from fault
    if not isinstance(found, dict):
        raise InputDataError(f"{name} is not what compare --out leaves.", _TRY)
    return found
