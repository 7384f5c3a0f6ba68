"""A gala: many pieces out of one programme, and the poster that joins them into one provenance."""
