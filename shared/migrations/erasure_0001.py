"""What is to be forgotten, as a later migration of every service makes the table. It stays as it is."""

from alembic import op

TABLES = """
CREATE TABLE erasing (
    erasure_id uuid PRIMARY KEY, customer_id uuid NOT NULL, customers jsonb NOT NULL, unit varchar NOT NULL, requested_at timestamptz NOT NULL,
    done boolean NOT NULL, done_at timestamptz, searched boolean NOT NULL, searched_to uuid, looked_at timestamptz, counts jsonb NOT NULL,
    correlation varchar, CHECK (done = (done_at IS NOT NULL))
);
CREATE INDEX erasing_open ON erasing (looked_at, erasure_id) WHERE NOT done"""
COPIES = """
ALTER TABLE known_customer ADD erased boolean NOT NULL DEFAULT false, ADD gone boolean NOT NULL DEFAULT false;
CREATE INDEX known_customer_erased ON known_customer (id) WHERE erased OR gone;
ALTER TABLE note ADD named_id uuid;
{};
UPDATE note SET named_id = customer_id WHERE named_id IS NULL;
ALTER TABLE note ALTER named_id SET NOT NULL;
CREATE INDEX ix_note_named_id ON note (named_id);
CREATE INDEX ix_note_customer_id ON note (customer_id)"""
NAMED = "UPDATE note SET named_id = thing.named_id FROM {0} AS thing WHERE note.about = '{0}:' || thing.id"
# The version before, which goes on beside this one while it is rolled out, knows one id of a customer. A later version drops this.
BESIDE = """
CREATE FUNCTION note_beside() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.named_id := coalesce(NEW.named_id, NEW.customer_id);
    RETURN NEW;
END $$"""


def upgrade() -> None:
    for statement in TABLES.split(";"):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE erasing")


def upgrade_copies(*things: str) -> None:
    """Where customers are known by what `customers` says of them, and words are kept, of these `things` and of others' (which tell the customer)."""
    upgrade()
    for statement in COPIES.format(";".join(NAMED.format(it) for it in things)).split(";"):
        op.execute(statement)
    op.execute(BESIDE)
    op.execute("CREATE TRIGGER note_beside BEFORE INSERT ON note FOR EACH ROW EXECUTE FUNCTION note_beside()")


def downgrade_copies() -> None:
    op.execute("DROP TRIGGER note_beside ON note")
    op.execute("DROP FUNCTION note_beside()")
    op.execute("DROP INDEX ix_note_customer_id")
    op.execute("ALTER TABLE note DROP named_id")
    op.execute("ALTER TABLE known_customer DROP erased, DROP gone")
    downgrade()
