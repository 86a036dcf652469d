"""The use case: read, measure, score, record."""
