"""Two or more delineations of one patient, and how they differ: exact, from the polygons, in three dimensions."""
