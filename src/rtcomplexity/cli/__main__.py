"""``python -m rtcomplexity.cli`` is the same as ``rtcomplexity``."""

from rtcomplexity.cli.app import main

main()
