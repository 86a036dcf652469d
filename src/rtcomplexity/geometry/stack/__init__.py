"""From contours to a stack of parallel planes, and everything measured on the planes themselves."""
