"""Inputs 106 to 113: names that would run, climb or pretend in an output; each is analyzed with names kept.

What the outputs must not hold is said once, in :func:`assert_safe`.
"""

import csv
import io
import json
import stat
import unicodedata
from dataclasses import replace
from html.parser import HTMLParser

from hostile.cases import Ending, Hostile
from hostile.plans import TARGETS, described, plan, roi

OUTPUTS = {
    "csv_notice.txt",
    "evidence.html",
    "evidence.json",
    "evidence.pdf",
    "image_sets.csv",
    "manifest.json",
    "pictures",
    "rois.csv",
    "summary.txt",
}
FORMULAS = tuple("=+-@\t\r\n\0\uff1d\uff0b\uff0d\uff20")
ACTIVE = {"iframe", "object", "embed", "form", "base", "link"}


def named(*names):
    """The good plan with these names on ROIs, label and patient."""

    def describe():
        rois = [
            roi(number, name, radius, interpreted_type=kind)
            for (number, kind, radius), name in zip(TARGETS, (*names, "PTV")[:2], strict=True)
        ]
        made = described()
        (one,) = made.structure_sets
        spoiled = replace(one, rois=tuple(rois), label=names[0])
        return replace(made, structure_sets=(spoiled,), patient=replace(made.patient, patient_id=names[0][:64]))

    return plan(describe)


class Page(HTMLParser):
    """Tags, attributes and text of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.text = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_data(self, data):
        self.text.append(data)


def assert_safe(_ended, out):
    assert {path.name for path in out.iterdir()} == OUTPUTS, "no name comes from a tag"
    for path in out.rglob("*"):
        assert not path.is_symlink()
        assert path.is_dir() or stat.S_IMODE(path.stat().st_mode) == 0o600
    _assert_safe_page((out / "evidence.html").read_text("utf-8"))
    _assert_safe_table((out / "rois.csv").read_text("utf-8-sig"))
    summary = (out / "summary.txt").read_text("utf-8")
    assert not any(unicodedata.category(c) in {"Cc", "Cf"} and c != "\n" for c in summary)
    json.loads((out / "evidence.json").read_bytes())


def _assert_safe_page(text):
    page = Page(text)
    assert not ACTIVE.intersection(page.tags)
    assert not any(name.startswith("on") for _, name, _ in page.attributes)
    assert not any("javascript:" in value.lower() for _, _, value in page.attributes)
    assert "<script>alert" not in text
    assert "49" not in [part.strip() for part in page.text if part.strip() == "49"], "a template was run"
    assert any(name == "content" and "default-src 'none'" in value for _, name, value in page.attributes)


def _assert_safe_table(text):
    for row in csv.reader(io.StringIO(text)):
        for value in row:
            assert not value.startswith(FORMULAS) or _is_number(value), value


def _is_number(value):
    try:
        float(value)
    except ValueError:
        return False
    return True


def safe(number, name, *names):
    return Hostile(
        number=number,
        name=name,
        build=named(*names),
        ending=Ending.SAFE,
        check=assert_safe,
        arguments=("--identified",),
    )


CASES = (
    safe(106, "a script", "<script>alert(1)</script>"),
    safe(107, "an attribute's end", "\"' onmouseover=alert(1) x='"),
    safe(108, "a formula", '=HYPERLINK("http://example.invalid","x")', "\uff1dcmd|' /C calc'!A0"),
    safe(109, "template syntax", "{{7*7}}{% raw %}${7*7}#{7*7}", '#eval("7*7")#read("/etc/passwd")'),
    safe(110, "a path", "../../../../tmp/x", "/etc/passwd"),
    safe(111, "names that a system keeps", "CON", "NUL."),
    safe(112, "300 characters of many scripts", "GTV \u0417\u4e2d\u0627\u05d0\u0e01\U0001f600" * 30, "\u0301" * 40),
    safe(113, "names equal but for normalization", "GTV \u00e9", "GTV e\u0301"),
)
