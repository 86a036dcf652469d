"""Whether an evidence folder is as it was written, was made from these inputs, and says what they come to.

Compares values that others read and derived; reads no file and assesses nothing itself.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from rtcomplexity.errors import InputDataError, MissingExtraError, UsageError
from rtcomplexity.evidence import manifest as manifests
from rtcomplexity.evidence.manifest import MANIFEST_FILE, digest, installed_packages, is_sealed
from rtcomplexity.evidence.output_formats import EVIDENCE_FILE, ON_REQUEST, REPORTS
from rtcomplexity.evidence.record import LATER_FIELDS, to_json
from rtcomplexity.evidence.rendering import PICTURE_FOLDER
from rtcomplexity.evidence.signing import SIGNATURE_FILE, BadSignatureError, check_signature

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rtcomplexity.evidence.folder import EvidenceFolder
    from rtcomplexity.evidence.manifest import InputFile, Manifest
    from rtcomplexity.evidence.record import Record
    from rtcomplexity.pictures.scene import Pictures

RELATIVE_TOLERANCE: Final = 1e-5
SAME_CONTENT: Final = "same content, re-encoded"
NEXT_TO_NOTHING: Final = 1e-9
MOST_TOLD: Final = 5
_VOLUME: Final = re.compile(r"\.metrics\.(scored|shape)\.volume\.")
"""Where a record holds the volumes that a reader is shown."""
_DECIMAL: Final = re.compile(r"(?<![\d.])-?\d+\.\d+(?:[eE][-+]?\d+)?(?!\.?\d)")
"""A measured number in a sentence; whole numbers, and numbers with several points as UIDs are, have to be the same."""
_EXACT: Final = ("identification",)
"""Parts of a record whose values are names for things, never measured."""


class Agreement(StrEnum):
    """How two records agree."""

    IDENTICAL = "identical"
    EQUIVALENT = "equivalent"
    """Every number within 1e-5 relative and the same verdict: another processor or another version."""
    DIFFERS = "differs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How a record that was derived again agrees with the saved one."""

    agreement: Agreement
    differences: tuple[str, ...] = ()
    """Where they differ beyond the tolerance."""
    is_other_version: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderCheck:
    """What a look at the folder alone shows."""

    problems: tuple[str, ...]
    notes: tuple[str, ...]
    file_count: int
    unchecked: tuple[str, ...] = ()
    """Files that say to be of other software, and are not what this one writes of the same record."""
    is_vouched_for: bool = False
    """Whether the key that was named signed the manifest, and with it its word for the software."""

    @property
    def unproven(self) -> tuple[str, ...]:
        """Reports that nothing but the manifest's own word excuses from being what the record says."""
        return () if self.is_vouched_for else tuple(name for name in self.unchecked if name in REPORTS)


def check_folder(folder: EvidenceFolder, *, public_key: bytes | None = None) -> FolderCheck:
    """Compare a folder with its manifest, and its reports with its record.

    Parameters
    ----------
    public_key : raw Ed25519 key that must have signed; a folder without that signature is a problem then
    """
    manifest = folder.manifest()
    problems = [*_manifest_problems(folder, manifest), *_output_problems(folder, manifest)]
    notes = [f"{name} lies in the folder and is no part of the evidence" for name in folder.others]
    unchecked: list[str] = []
    if not problems:
        more_problems, unchecked = _report_findings(folder, manifest)
        problems = [*problems, *more_problems]
    signature_problems, signature_notes = _signature_findings(folder, public_key)
    return FolderCheck(
        problems=(*problems, *signature_problems),
        notes=(*notes, *signature_notes),
        file_count=len(manifest.outputs),
        unchecked=tuple(unchecked),
        is_vouched_for=public_key is not None and not signature_problems,
    )


def _manifest_problems(folder: EvidenceFolder, manifest: Manifest) -> Iterator[str]:
    if not is_sealed(manifest) or manifests.to_json(manifest) != folder.files[MANIFEST_FILE]:
        yield f"{MANIFEST_FILE} is not as it was written"


def _output_problems(folder: EvidenceFolder, manifest: Manifest) -> Iterator[str]:
    listed = {each.name: each for each in manifest.outputs}
    for name, output in listed.items():
        if name not in folder.files:
            yield f"{name} is gone"
        elif digest(folder.files[name]) != output.sha256:
            yield f"{name} is not as it was written"
    for name in folder.files:
        if name not in listed and name not in {MANIFEST_FILE, SIGNATURE_FILE}:
            yield f"{name} was added: the manifest does not list it"


def _report_findings(folder: EvidenceFolder, manifest: Manifest) -> tuple[list[str], list[str]]:
    """Problems, and the reports that another version may have written in other words.

    A manifest that states other versions excuses a report from comparison, never from being named.
    """
    try:
        record, pictures = folder.record(), folder.pictures()
    except InputDataError as error:
        return [error.found.rstrip(".")], []
    told = (manifest.plan_id, manifest.privacy, manifest.verdict, manifest.profile.sha256)
    stands = (record.plan.id, record.privacy, record.verdict.value, record.score.profile.sha256)
    problems = [] if told == stands else [f"{MANIFEST_FILE} does not speak of this {EVIDENCE_FILE}"]
    if to_json(record) != folder.files[EVIDENCE_FILE]:
        problems.append(f"{EVIDENCE_FILE} is not in its canonical form")
    differing = [
        name
        for name, renderer in REPORTS.items()
        if name in folder.files and renderer(record, pictures) != folder.files[name]
    ]
    requested, uncompared = _compared_on_request(folder, record, pictures, manifest.written_at)
    differing += requested
    if manifest.packages != installed_packages():
        return problems, [*differing, *uncompared]
    return [*problems, *(f"{name} does not say what the record says" for name in differing)], uncompared


def _compared_on_request(
    folder: EvidenceFolder, record: Record, pictures: Pictures, written_at: str
) -> tuple[list[str], list[str]]:
    """Reports on request that are not what the record says, and those that cannot be made without an extra."""
    differing, uncompared = [], []
    for name, renderer in ON_REQUEST.items():
        if name not in folder.files:
            continue
        try:
            if renderer(record, pictures, written_at) != folder.files[name]:
                differing.append(name)
        except MissingExtraError:
            uncompared.append(name)
        except UsageError:
            differing.append(name)
    return differing, uncompared


def _signature_findings(folder: EvidenceFolder, public_key: bytes | None) -> tuple[list[str], list[str]]:
    if SIGNATURE_FILE not in folder.files:
        return (["it is not signed, and a signature was asked for"], []) if public_key is not None else ([], [])
    try:
        key = check_signature(folder.files[MANIFEST_FILE], folder.files[SIGNATURE_FILE], public_key)
    except BadSignatureError as error:
        return [str(error)], []
    whose = "the key that was named" if public_key is not None else "whose it is this command cannot tell"
    return [], [f"signed with key {key} ({whose})"]


def compare_inputs(manifest: Manifest, inputs: Iterable[InputFile]) -> tuple[str, ...]:
    """Say which inputs are not those that the folder was made from."""
    written = Counter((each.kind, each.sha256) for each in manifest.inputs)
    now = Counter((each.kind, each.sha256) for each in inputs)
    gone = Counter(kind for kind, _ in (written - now).elements())
    new = Counter(kind for kind, _ in (now - written).elements())
    texts = []
    for kind in sorted({*gone, *new}):
        changed = min(gone[kind], new[kind])
        counts = ((changed, "changed"), (gone[kind] - changed, "missing"), (new[kind] - changed, "new"))
        told = " and ".join(f"{count} {word}" for count, word in counts if count)
        texts.append(f"{kind} files: {told}")
    return tuple(texts)


def unreadable_plan(found: str) -> tuple[str, ...]:
    """Say that the plan at hand cannot be assessed any more, in place of comparing its inputs."""
    return (f"the plan at hand cannot be assessed: {found.rstrip('.')}",)


def compare_pictures(saved: Pictures, drawn: Pictures) -> tuple[str, ...]:
    """Name the saved pictures that are not those that the plan gives."""
    before, now = saved.all_files(), drawn.all_files()
    names = sorted({*before, *now})
    return tuple(f"{PICTURE_FOLDER}/{name}" for name in names if before.get(name) != now.get(name))


def with_pictures(
    check: FolderCheck, differing: tuple[str, ...], manifest: Manifest, comparison: Comparison
) -> FolderCheck:
    """Add the pictures that differ: as problems, or, where other software or another platform drew, as not checked."""
    if manifest.packages == installed_packages() and comparison.agreement is Agreement.IDENTICAL:
        shown = tuple(f"{name} does not show what the plan shows" for name in differing)
        return replace(check, problems=(*check.problems, *shown))
    return replace(check, unchecked=(*check.unchecked, *differing))


def compare_records(saved: Record, derived: Record) -> Comparison:
    """Compare a saved record with one that was derived again."""
    first, second = to_json(saved), to_json(derived)
    if first == second:
        return Comparison(agreement=Agreement.IDENTICAL)
    a, b = json.loads(first), json.loads(second)
    versions = a["software"].pop("version"), b["software"].pop("version")
    differences = tuple(sorted(_differences(a, b, ""), key=_rank))
    return Comparison(
        agreement=Agreement.DIFFERS if differences else Agreement.EQUIVALENT,
        differences=differences,
        is_other_version=versions[0] != versions[1],
    )


def _rank(path: str) -> int:
    """Order of what differs, for a reader: verdict and claim, score, volumes, other measurements, all else."""
    is_told = path in {"verdict.value", "verdict.claim", "verdict.service_level"}
    ranks = (is_told, path == "score.t", _is_volume(path), ".metrics." in path)
    return next((rank for rank, is_it in enumerate(ranks) if is_it), len(ranks))


def _is_volume(path: str) -> bool:
    return _VOLUME.search(path) is not None


def _standing(differences: Iterable[str]) -> str:
    """Say first whether verdict and volumes are the same."""
    found = list(differences)
    verdict = "another verdict" if "verdict.value" in found else "the same verdict"
    return f"{verdict} and {'other' if any(map(_is_volume, found)) else 'the same'} volumes"


def _differences(a: Any, b: Any, path: str) -> Iterator[str]:  # noqa: ANN401 - any JSON value
    if isinstance(a, dict) and isinstance(b, dict):
        for key in [*a, *(key for key in b if key not in a)]:
            where = f"{path}.{key}" if path else key
            if key in LATER_FIELDS and key not in a:
                continue  # the saved record is of an earlier version
            if key not in a or key not in b:
                yield where
            else:
                yield from _differences(a[key], b[key], where)
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for number, (each, other) in enumerate(zip(a, b, strict=True)):
            yield from _differences(each, other, f"{path}[{number}]")
    elif not (a == b if path.startswith(_EXACT) else agree(a, b)):
        yield path


def agree(a: Any, b: Any) -> bool:  # noqa: ANN401 - any JSON value
    """Whether two values are the same, numbers within 1e-5 relative, in texts too."""
    if _is_number(a) and _is_number(b):
        return _are_close(float(a), float(b))
    if isinstance(a, str) and isinstance(b, str) and a != b:
        numbers = _DECIMAL.findall(a), _DECIMAL.findall(b)
        is_same_text = _DECIMAL.split(a) == _DECIMAL.split(b)
        return is_same_text and all(_are_close(float(x), float(y)) for x, y in zip(*numbers, strict=True))
    return type(a) is type(b) and bool(a == b)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _are_close(a: float, b: float) -> bool:
    return abs(a - b) <= max(RELATIVE_TOLERANCE * max(abs(a), abs(b)), NEXT_TO_NOTHING)


def verification_sentence(
    check: FolderCheck,
    *,
    inputs: tuple[str, ...] | None = None,
    comparison: Comparison | None = None,
    is_reencoded: bool = False,
) -> tuple[bool, str]:
    """Say in one sentence what a verification came to, and whether it succeeded.

    Parameters
    ----------
    inputs : what :func:`compare_inputs` found; None where the plan is not at hand
    comparison : what :func:`compare_records` found; None where nothing was derived
    is_reencoded : whether the files at hand differ from those that were used and hold the same content
    """
    inputs_are = f"the inputs are the {SAME_CONTENT}" if is_reencoded else "the inputs are the same"
    problems = [*check.problems, *(inputs or ())]
    if comparison is not None and comparison.agreement is Agreement.DIFFERS:
        found = comparison.differences
        problems.append(f"the record derived again has {_standing(found)}, and differs in {_listed(found)}")
    if problems:
        return False, f"Differs: {_listed(problems)}."
    if check.unproven:
        return False, (
            f"Not checked: {_listed(check.unproven)}. This software renders {EVIDENCE_FILE} differently; only the "
            "manifest states that other software wrote it. `report` renders the reports again from the record; "
            "`--public-key` checks that the manifest is signed with a key you trust."
        )
    fit = f"all {check.file_count} files fit the manifest"
    doubt = _doubt(check.unchecked)
    if comparison is None:
        return True, (
            f"{doubt}Untouched: {fit}. Integrity only; not proof of authorship: --plan derives the record again, "
            "--public-key checks who signed."
        )
    if comparison.agreement is Agreement.IDENTICAL:
        return True, f"{doubt}Identical: {fit}, {inputs_are}, and the plan gives the same record."
    cause = "another version of this software" if comparison.is_other_version else "another platform"
    return True, (
        f"{doubt}Equivalent: {fit}, {inputs_are}, and the plan gives the same verdict with every number "
        f"within {RELATIVE_TOLERANCE:g} relative, as on {cause}."
    )


def _doubt(unchecked: tuple[str, ...]) -> str:
    """Say first what was not checked."""
    if not unchecked:
        return ""
    return (
        f"Only {EVIDENCE_FILE} was checked, not {_listed(unchecked)}: by the manifest's own word that is of other "
        "software or another platform (report renders reports again). "
    )


def _listed(texts: Iterable[str]) -> str:
    kept = list(texts)
    more = f" and {len(kept) - MOST_TOLD} more" if len(kept) > MOST_TOLD else ""
    return "; ".join(kept[:MOST_TOLD]) + more
