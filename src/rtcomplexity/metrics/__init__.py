"""The catalogue of metrics, their computation, and the table of measured values."""
