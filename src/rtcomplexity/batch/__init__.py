"""Many plans: found, assessed one child process each, kept in a ledger, and reported in tables and a dashboard."""
