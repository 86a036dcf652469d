"""Turns a record into text for a terminal; measures nothing and decides nothing."""
