"""Formats rendered from the record and the saved pictures, and from nothing else."""
