"""The canonical record and every format rendered from it."""
