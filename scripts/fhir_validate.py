"""Validates FHIR R4 resources with pyfhircheck: one line per file, "valid" or "invalid".

Run by the Python of ``make fhir-validators``, not by that of the project.
"""

import json
import sys
from pathlib import Path

from pyfhircheck import Validator

validator = Validator()
for path in sys.argv[1:]:
    report = validator.validate_resource(json.loads(Path(path).read_text(encoding="utf-8")))
    is_valid = all(issue.severity.value not in {"error", "fatal"} for issue in report.issues)
    sys.stdout.write("valid\n" if is_valid else "invalid\n")
