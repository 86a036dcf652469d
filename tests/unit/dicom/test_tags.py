"""Tags have names, said once, and they are DICOM's."""

import re
from pathlib import Path

from pydicom.datadict import keyword_for_tag

import rtcomplexity
from rtcomplexity.dicom import tags

SOURCE = Path(rtcomplexity.__file__).parent
BOUNDS = {"UNDEFINED_LENGTH", "FIRST_OF_DATA_SET", "LAST_OF_FILE_META", "END_OF_COMMANDS"}
NAMED = {name: value for name, value in vars(tags).items() if name.isupper() and name not in BOUNDS}


def test_no_bare_tag_stands_in_the_source():
    bare = re.compile(r"\b0x(?!F{8})[0-9A-Fa-f]{8}\b|\(0x[0-9A-Fa-f]{4}, *0x[0-9A-Fa-f]{4}\)")
    found = [
        f"{path.relative_to(SOURCE)}: {found[0]}"
        for path in SOURCE.rglob("*.py")
        if "testing" not in path.parts and path.name != "tags.py"
        for found in bare.finditer(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_every_name_is_the_dictionary_s_keyword():
    standard = {name: value for name, value in NAMED.items() if not (value >> 16) % 2}
    assert len(standard) > 100
    keywords = {name: keyword_for_tag(value).upper() for name, value in standard.items()}
    assert {name: name.replace("_", "") for name in standard} == keywords


def test_what_the_dictionary_lacks_is_private_and_named_by_its_maker():
    private = [name for name, value in NAMED.items() if (value >> 16) % 2]
    assert private
    assert all(name.startswith(("GE_", "PHILIPS_", "SIEMENS_")) for name in private)


def test_no_tag_has_two_names():
    assert len(set(NAMED.values())) == len(NAMED)
