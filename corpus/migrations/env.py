"""Run by Alembic on a connection that `corpus.database.migrate` opened."""

from alembic import context

from corpus.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
