"""Every issue code that the source can give, found in the source itself: code, severity, sentence, module.

Issues are plain values made where something odd is seen; no list of them is kept beside the code, so none can go
stale. What a sentence fills in at run time stands here as three dots.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAKERS = frozenset({"Issue", "Finding", "_issue", "_warning", "_plan_issue", "_roi_issue", "_input_issue"})
CODE = re.compile(r"[a-z]+(-[a-z0-9]+)+")
LAYERS = ("dicom", "case", "fusion", "metrics", "scoring")
FILLED_IN = "…"
DEFAULT_SEVERITY = "warning"


@dataclass(frozen=True, slots=True, order=True)
class IssueCode:
    """One issue code."""

    code: str
    severities: tuple[str, ...]
    text: str


def issue_codes(package: Path) -> tuple[IssueCode, ...]:
    """Find all issue codes below a package's folder, sorted; one given in several places is listed once."""
    severities: dict[str, set[str]] = {}
    texts: dict[str, str] = {}
    for layer in LAYERS:
        for path in sorted((package / layer).glob("*.py")):
            for found in _codes_of(ast.parse(path.read_text(encoding="utf-8"))):
                severities.setdefault(found.code, set()).update(found.severities)
                texts[found.code] = texts.get(found.code) or found.text
    return tuple(IssueCode(code, tuple(sorted(severities[code])), texts[code]) for code in sorted(texts))


def _codes_of(module: ast.Module) -> Iterator[IssueCode]:
    does_make = any(isinstance(node, ast.Call) and _name(node.func) in MAKERS for node in ast.walk(module))
    for function in (node for node in ast.walk(module) if isinstance(node, ast.FunctionDef)):
        for node in ast.walk(function):
            if isinstance(node, ast.Call) and _name(node.func) in MAKERS:
                yield from _called(node, function)
            elif does_make and isinstance(node, ast.Tuple):
                yield from _tabled(node, function)


def _called(call: ast.Call, function: ast.FunctionDef) -> Iterator[IssueCode]:
    """A call such as ``Issue(code="...", severity=Severity.INFO, text=text)`` or ``_issue("...", text)``."""
    values = [*call.args, *(keyword.value for keyword in call.keywords)]
    named = {keyword.arg: keyword.value for keyword in call.keywords}
    code = next((text for value in values if CODE.fullmatch(text := _text(value, function))), "")
    if not code and "code" in named:
        code = _text(named["code"], function).replace(FILLED_IN, "*")
        code = code if "-" in code else ""
    if not code:
        return
    severity = next(filter(None, map(_severity, values)), DEFAULT_SEVERITY)
    texts = (_text(value, function) for value in values)
    yield IssueCode(code, (severity,), next((text for text in texts if " " in text), ""))


def _tabled(row: ast.Tuple, function: ast.FunctionDef) -> Iterator[IssueCode]:
    """A row such as ``("contours-without-area", count, "enclose no area")`` that a loop makes issues of."""
    texts = [_text(part, function) for part in row.elts]
    if len(texts) > 1 and CODE.fullmatch(texts[0]):
        severity = "error" if texts[0] == "contour-left-out" else DEFAULT_SEVERITY
        yield IssueCode(texts[0], (severity,), f"{FILLED_IN} contours {texts[-1]}." if texts[-1] else "")


def _text(value: ast.expr, function: ast.FunctionDef) -> str:
    """The text of a literal, of an f-string with its fields as dots, or of the name that holds one."""
    if isinstance(value, ast.Constant):
        return value.value if isinstance(value.value, str) else ""
    if isinstance(value, ast.JoinedStr):
        return "".join(_text(part, function) if isinstance(part, ast.Constant) else FILLED_IN for part in value.values)
    if isinstance(value, ast.BinOp):
        return _text(value.left, function) + _text(value.right, function)
    if isinstance(value, ast.Name):
        return _assigned(value, function)
    return ""


def _assigned(name: ast.Name, function: ast.FunctionDef) -> str:
    before = [
        node.value
        for node in ast.walk(function)
        if isinstance(node, ast.Assign)
        and node.lineno < name.lineno
        and any(isinstance(target, ast.Name) and target.id == name.id for target in node.targets)
    ]
    return _text(max(before, key=lambda value: value.lineno), function) if before else ""


def _severity(value: ast.expr) -> str:
    """The word for ``Severity.INFO`` and the like; empty for anything else."""
    if isinstance(value, ast.Attribute) and isinstance(value.value, ast.Name) and value.value.id == "Severity":
        return value.attr.lower()
    return ""


def _name(function: ast.expr) -> str:
    return function.id if isinstance(function, ast.Name) else ""
