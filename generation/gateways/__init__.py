"""Services that generate, behind one protocol; what they make walks the same line as any other asset."""
