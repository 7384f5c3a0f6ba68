"""The schema's revisions, run by `provenance.storage.database.Database.migrate`."""
