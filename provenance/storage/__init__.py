"""Where a site keeps what it has: blob stores, the database and its tables, leases, secrets in files."""
