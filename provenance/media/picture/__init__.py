"""Still pictures: in with bounds, one array convention, out with one encoder a type."""
