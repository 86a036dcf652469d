"""Where plans are assessed: on this machine, or on a dask cluster; the same child processes either way."""
