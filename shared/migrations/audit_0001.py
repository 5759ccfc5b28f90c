"""The audit trail, as a later migration of every service makes it. It stays as it is.

The chain is the database's own work. A trigger that runs as the tables' owner gives each line its number and its hash, whatever the writer says;
another refuses every change, also the owner's. An owner can switch triggers off: `careloop audit verify` would tell.
"""

from alembic import op
from sqlalchemy import text

LOCK = 0x0CA4D  # the end of the chain is one writer's until they commit

TABLE = """
CREATE TABLE audit (
    seq bigint PRIMARY KEY, recorded_at timestamptz NOT NULL, at timestamptz NOT NULL, by varchar NOT NULL, action varchar NOT NULL,
    about varchar NOT NULL, purpose varchar, fields jsonb NOT NULL, unit varchar, outcome varchar NOT NULL, facts jsonb NOT NULL,
    correlation varchar, previous bytea NOT NULL, hash bytea NOT NULL
);
CREATE INDEX audit_by ON audit (by, seq);
CREATE INDEX audit_action ON audit (action, seq);
CREATE INDEX audit_about ON audit (about, seq);
CREATE INDEX audit_purpose ON audit (purpose, seq);
CREATE INDEX audit_unit ON audit (unit, seq);
CREATE INDEX audit_at ON audit (at, seq);
CREATE INDEX audit_correlation ON audit (correlation, seq)"""

# A value is its length in bytes, a colon and its text; none is a dash. So no two lines read alike. `deploy/audit.py` computes the same.
FIELD = """
CREATE FUNCTION audit_field(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(octet_length(convert_to(value, 'UTF8')) || ':' || value, '-')"""

CHAIN = """
CREATE FUNCTION audit_chain() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    last record;
BEGIN
    PERFORM pg_advisory_xact_lock({lock});
    SELECT seq, hash INTO last FROM {schema}.audit ORDER BY seq DESC LIMIT 1;
    NEW.seq := coalesce(last.seq, 0) + 1;
    NEW.previous := coalesce(last.hash, sha256(''));
    NEW.recorded_at := clock_timestamp();
    NEW.hash := sha256(NEW.previous || convert_to(
        {schema}.audit_field(NEW.seq::text)
        || {schema}.audit_field((extract(epoch FROM NEW.recorded_at) * 1000000)::bigint::text)
        || {schema}.audit_field((extract(epoch FROM NEW.at) * 1000000)::bigint::text)
        || {schema}.audit_field(NEW."by") || {schema}.audit_field(NEW.action) || {schema}.audit_field(NEW.about)
        || {schema}.audit_field(NEW.purpose) || {schema}.audit_field(NEW.fields::text) || {schema}.audit_field(NEW.unit)
        || {schema}.audit_field(NEW.outcome) || {schema}.audit_field(NEW.facts::text) || {schema}.audit_field(NEW.correlation), 'UTF8'));
    RETURN NEW;
END $$"""

KEPT = """
CREATE FUNCTION audit_kept() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'the audit trail is only added to' USING ERRCODE = 'insufficient_privilege';
END $$"""

TRIGGERS = """
CREATE TRIGGER audit_chain BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION audit_chain();
CREATE TRIGGER audit_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_kept();
ALTER TABLE audit ENABLE ALWAYS TRIGGER audit_kept"""

# Default privileges gave the runtime role more; whoever it is, it may add and read.
PRIVILEGES = """
DO $$
DECLARE
    held record;
BEGIN
    FOR held IN SELECT DISTINCT acl.grantee FROM pg_class AS made, aclexplode(made.relacl) AS acl
                WHERE made.oid = 'audit'::regclass AND acl.grantee <> made.relowner
    LOOP
        EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER ON audit FROM %s',
                       CASE held.grantee WHEN 0 THEN 'PUBLIC' ELSE held.grantee::regrole::text END);
    END LOOP;
END $$"""


def upgrade() -> None:
    schema = op.get_bind().execute(text("SELECT quote_ident(current_schema())")).scalar_one()
    for statement in (*TABLE.split(";"), FIELD, CHAIN.format(lock=LOCK, schema=schema), KEPT, *TRIGGERS.split(";"), PRIVILEGES):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE audit")
    for function in ("audit_chain()", "audit_kept()", "audit_field(text)"):
        op.execute(f"DROP FUNCTION {function}")
