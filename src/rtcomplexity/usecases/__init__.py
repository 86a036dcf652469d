"""What can be done with a plan or an evidence folder, each in one call: the same for Python, command line and batch."""
