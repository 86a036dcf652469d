"""What the default install brings along, by the packages' own metadata."""

import re
from importlib import metadata

import pytest
from packaging.requirements import Requirement

COPYLEFT = re.compile(r"\b[AL]?GPL|GNU (Affero|Lesser|Library|General)|\bEUPL|\bSSPL", re.IGNORECASE)
LONGEST_NAME = 100
"""A longer License field is the license's whole text, in which other licenses may be named."""


def name_of(requirement):
    return re.sub(r"[-_.]+", "-", requirement.name).lower()


def needed(requirement, extras):
    return requirement.marker is None or any(requirement.marker.evaluate({"extra": extra}) for extra in extras or ("",))


def closure(name, extras=(), found=None):
    """Names of everything that a package needs, without its extras unless they are asked for."""
    found = set() if found is None else found
    for text in metadata.requires(name) or ():
        requirement = Requirement(text)
        if needed(requirement, extras) and (name_of(requirement), *sorted(requirement.extras)) not in found:
            found.add((name_of(requirement), *sorted(requirement.extras)))
            closure(requirement.name, tuple(requirement.extras), found)
    return found


DEFAULT = sorted({name for name, *_ in closure("rtcomplexity")})


def license_of(name):
    """What a package says of its license: expression, short field and classifiers."""
    about = metadata.metadata(name)
    short = about.get("License") or ""
    told = [about.get("License-Expression") or "", short if len(short) < LONGEST_NAME else ""]
    told += [line for line in about.get_all("Classifier") or () if line.startswith("License ::")]
    return "; ".join(part for part in told if part)


def test_the_closure_is_the_default_install():
    assert {"numpy", "pydicom", "scipy", "rich", "markupsafe"} <= set(DEFAULT)
    assert not {"distributed", "pytest", "cryptography", "nibabel", "python-gdcm"} & set(DEFAULT)


@pytest.mark.parametrize("name", DEFAULT)
def test_no_package_of_the_default_install_is_copyleft(name):
    assert license_of(name), "no license is stated: read the package's own files"
    assert not COPYLEFT.search(license_of(name))


def test_a_copyleft_license_would_be_seen():
    seen = (
        "GPL-3.0-only",
        "LGPL-2.1-or-later",
        "AGPL-3.0",
        "License :: OSI Approved :: GNU General Public License (GPL)",
    )
    assert all(COPYLEFT.search(text) for text in seen)
    assert not COPYLEFT.search("BSD-3-Clause; MIT; Apache-2.0")
