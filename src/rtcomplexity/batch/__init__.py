"""Many plans: found, assessed one child process each, kept in a ledger, and told in tables and a dashboard."""
