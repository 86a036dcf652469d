"""From measurements to families, a score and a verdict, by a versioned profile."""
