"""The manifest of an evidence folder: SHA-256 of every input and output, what wrote them, and when.

Knows its own form and nothing of how files are written or compared. It is written canonically and carries its own
digest, so that one changed byte anywhere in it shows.
"""

from __future__ import annotations

import hashlib
import json
import platform
from functools import cache
from importlib import resources
from importlib.metadata import PackageNotFoundError, requires, version
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rtcomplexity.evidence.record import Record
    from rtcomplexity.model.case import Case

MANIFEST_FILE: Final = "manifest.json"
PACKAGE: Final = "rtcomplexity"
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
OutputName = Annotated[str, Field(pattern=r"^(pictures/)?[a-z_]+\.[a-z]+$")]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class InputFile(_Frozen):
    """One file that was used, by what it is and its hash; never by its name."""

    kind: str
    sha256: Digest


class OutputFile(_Frozen):
    """One file of the folder."""

    name: OutputName
    bytes: int
    sha256: Digest


class ProfileDigest(_Frozen):
    """The profile that scored."""

    id: str
    sha256: str


class Manifest(_Frozen):
    """What an evidence folder was made from and what it holds."""

    schema_id: Literal["rtcomplexity/manifest/1"] = "rtcomplexity/manifest/1"
    written_at: str
    """UTC, to the second."""
    plan_id: str
    privacy: Literal["de-identified", "identified"]
    verdict: str
    profile: ProfileDigest
    payer_rules_sha256: Digest
    """Over all payer rules that this software holds."""
    python: str
    platform: str
    packages: dict[str, str]
    """Versions of this package and of what it depends on."""
    lock_sha256: Digest
    """Over `packages`: the same means the same software."""
    inputs: tuple[InputFile, ...]
    outputs: tuple[OutputFile, ...]
    sha256: str = ""
    """Over this manifest with this field empty."""


def build_manifest(
    record: Record, outputs: Mapping[str, bytes], inputs: Iterable[InputFile], *, written_at: str
) -> Manifest:
    """List what a folder is made from and what it holds.

    Parameters
    ----------
    outputs : content by name, relative to the folder
    written_at : time of the run, UTC; the only place in a folder where it stands
    """
    packages = installed_packages()
    manifest = Manifest(
        written_at=written_at,
        plan_id=record.plan.id,
        privacy=record.privacy,
        verdict=record.verdict.value,
        profile=ProfileDigest(id=record.score.profile.id, sha256=record.score.profile.sha256),
        payer_rules_sha256=payer_rules_digest(),
        python=platform.python_version(),
        platform=f"{platform.system()} {platform.machine()}",
        packages=packages,
        lock_sha256=digest(json.dumps(packages, sort_keys=True).encode()),
        inputs=tuple(sorted(inputs, key=lambda each: (each.kind, each.sha256))),
        outputs=tuple(
            OutputFile(name=name, bytes=len(content), sha256=digest(content))
            for name, content in sorted(outputs.items())
        ),
    )
    return sealed(manifest)


def sealed(manifest: Manifest) -> Manifest:
    """Return the manifest with its own digest."""
    return manifest.model_copy(update={"sha256": digest(to_json(manifest.model_copy(update={"sha256": ""})))})


def is_sealed(manifest: Manifest) -> bool:
    """Whether the manifest's own digest is right."""
    return sealed(manifest).sha256 == manifest.sha256


def to_json(manifest: Manifest) -> bytes:
    """Write a manifest canonically."""
    return (json.dumps(manifest.model_dump(mode="json"), ensure_ascii=False, indent=2) + "\n").encode()


def from_json(content: bytes) -> Manifest:
    """Read a manifest back; raises pydantic's ValidationError where it breaks its form."""
    return Manifest.model_validate_json(content)


def digest(content: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def payer_rules_digest() -> str:
    """SHA-256 over the shipped payer rules, in the order of their names."""
    folder = resources.files("rtcomplexity.scoring") / "payers"
    files = list(folder.iterdir()) if folder.is_dir() else []
    rules = sorted((each.name, each.read_bytes()) for each in files if each.name.endswith(".toml"))
    return digest(b"".join(name.encode() + b"\0" + content for name, content in rules))


def inputs_of(case: Case) -> tuple[InputFile, ...]:
    """List every file that the case was read from: the set, its images, plan and registrations."""
    found = {("RTSTRUCT", case.structure_set.file_sha256)}
    found |= {("RTSTRUCT", each.structure_set.file_sha256) for each in case.earlier_sets}
    series = [each for image_set in case.image_sets for each in image_set.series]
    series += [] if case.planning_image is None else [case.planning_image]
    found |= {(each.modality, sha256) for each in series for sha256 in each.file_sha256s}
    found |= {("REG", each.file_sha256) for each in case.registrations}
    if case.rt_plan is not None:
        found.add(("RTPLAN", case.rt_plan.file_sha256))
    if case.targets_file is not None:
        found.add((case.targets_file.kind, case.targets_file.sha256))
    return tuple(InputFile(kind=kind, sha256=sha256) for kind, sha256 in sorted(found) if sha256)


def installed_packages() -> dict[str, str]:
    """Versions of this package and of everything it names as a dependency and that is installed."""
    return dict(_installed())


@cache
def _installed() -> tuple[tuple[str, str], ...]:
    """Names and versions: each is read from a file, and none changes while a process runs."""
    names = {PACKAGE, *(_name_of(each) for each in requires(PACKAGE) or () if "extra ==" not in each)}
    return tuple((name, found) for name in sorted(names) if (found := _version(name)))


def _name_of(requirement: str) -> str:
    end = next((n for n, c in enumerate(requirement) if not (c.isalnum() or c in "-_.")), len(requirement))
    return requirement[:end].lower()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
