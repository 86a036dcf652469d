"""Writes the generated schema to standard output: ``python -m rtcomplexity.evidence.schema > evidence-1.json``."""

from __future__ import annotations

import sys

from rtcomplexity.evidence.schema import generate_schema

if __name__ == "__main__":
    sys.stdout.write(generate_schema())
