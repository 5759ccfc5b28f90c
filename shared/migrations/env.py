"""Alembic's own entrance; `shared/migrations/__init__.py` hands the connection over."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"], target_metadata=context.config.attributes["metadata"], transactional_ddl=True
)
with context.begin_transaction():
    context.run_migrations()
