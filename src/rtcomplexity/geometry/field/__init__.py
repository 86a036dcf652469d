"""The sub-voxel surface: the signed distance between planes, and the body whose surface it gives."""
