"""Image values inside and around a shape, through registrations."""
