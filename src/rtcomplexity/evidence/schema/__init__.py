"""The JSON Schema of the evidence record: generated from the models, shipped as a file, checked in tests."""

from __future__ import annotations

import json
from typing import Any, Final

from rtcomplexity.evidence.record import Record

SCHEMA_FILE: Final = "evidence-1.json"


def generate_schema() -> str:
    """Return the schema's text, generated from the models."""
    tree: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Record.model_json_schema(by_alias=True, mode="serialization"),
    }
    return json.dumps(tree, ensure_ascii=False, indent=2) + "\n"
