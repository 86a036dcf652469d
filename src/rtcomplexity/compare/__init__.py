"""Two delineations of one patient, and how they differ: exactly, from the polygons, in three dimensions."""
