"""Labels that people see (explicit) and that machines read (implicit)."""
