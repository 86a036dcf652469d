"""Measures target delineation in RT plans and says whether it supports or rejects a modifier-22 claim."""
