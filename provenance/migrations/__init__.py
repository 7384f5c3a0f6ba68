"""The schema's revisions, run by `provenance.database.Database.migrate`."""
