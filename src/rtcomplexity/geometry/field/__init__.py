"""The sub-voxel surface: a signed distance field interpolated between planes, and the bodies it encloses."""
