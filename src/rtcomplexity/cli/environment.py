"""What this installation consists of: versions, codecs, linear algebra, extras; as plain values.

It asks the packages' own metadata and imports only numpy. It names no path, host or user, so that its output can be
sent with a report.
"""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Any, TypeAlias

from rtcomplexity.cores import ONE_THREAD

Findings: TypeAlias = Mapping[str, Any]

PACKAGE = "rtcomplexity"
DEVELOPMENT_EXTRAS = frozenset({"test"})
CODECS = (
    ("JPEG, 8 bit", ("pillow",), ""),
    ("JPEG Lossless", ("python-gdcm",), "gdcm"),
    ("JPEG-LS", ("pyjpegls",), ""),
    ("JPEG 2000", ("pylibjpeg-openjpeg", "pillow"), ""),
    ("High-throughput JPEG 2000", ("pylibjpeg-openjpeg",), ""),
    ("RLE", ("pylibjpeg-rle",), ""),
)
"""Compression, the packages of which one is enough, the extra that brings it (none: the default install)."""


def examine() -> Findings:
    """Describe the installation."""
    packages = _packages()
    return {
        "software": {"name": PACKAGE, "version": version(PACKAGE)},
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "blas": {**_blas(), "threads": os.environ.get(ONE_THREAD[0], "not set")},
        "packages": packages,
        "codecs": [_codec(*codec) for codec in CODECS],
    }


def installed_version(package: str) -> str | None:
    """Version of an installed package, or None."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _packages() -> list[dict[str, str | None]]:
    found: dict[str, dict[str, str | None]] = {}
    extras: dict[str, list[str]] = {}
    for requirement in requires(PACKAGE) or ():
        name = re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0].lower()
        extra = re.search(r"extra == ['\"]([^'\"]+)", requirement)
        needed_by = extra.group(1) if extra else ""
        if needed_by not in DEVELOPMENT_EXTRAS and name != PACKAGE:
            found.setdefault(name, {"name": name, "version": installed_version(name)})
            extras.setdefault(name, []).append(needed_by)
    for name, package in found.items():
        package["extra"] = "" if "" in extras[name] else ",".join(dict.fromkeys(extras[name]))
    return sorted(found.values(), key=lambda package: (package["extra"] or "", package["name"] or ""))


def _codec(name: str, packages: tuple[str, ...], extra: str) -> dict[str, Any]:
    by = [package for package in packages if installed_version(package)]
    return {"name": name, "by": by, "try": "" if by else f"pip install '{PACKAGE}{f'[{extra}]' if extra else ''}'"}


def _blas() -> dict[str, str]:
    import numpy as np

    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return {"name": str(blas.get("name", "unknown")), "version": str(blas.get("version", "unknown"))}
