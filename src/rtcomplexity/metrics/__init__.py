"""The catalogue of metrics and the table of measured values."""
