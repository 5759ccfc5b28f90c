"""Consents and disclosures."""

from alembic import op

revision, down_revision = "0009", "0008"

TABLES = """
CREATE TABLE consent (
    id uuid PRIMARY KEY, customer_id uuid, reference varchar, source varchar,
    purpose varchar(32) NOT NULL CHECK (purpose IN
        ('service', 'marketing', 'birthday_greeting', 'relationship_data', 'third_party_disclosure', 'recording')),
    channel varchar(32) CHECK (channel IN ('phone', 'sms', 'email', 'chat', 'post')), recipient varchar, fields jsonb NOT NULL,
    granted_at timestamptz NOT NULL, valid_until timestamptz,
    evidence_kind varchar(32) CHECK (evidence_kind IN ('signature', 'recording', 'web_form', 'message', 'paper')), evidence varchar,
    recorded_at timestamptz NOT NULL, recorded_by varchar,
    ended_at timestamptz, withdrawn_at timestamptz, withdrawn_by varchar,
    CHECK ((customer_id IS NULL) <> (reference IS NULL)), CHECK (valid_until > granted_at)
);
CREATE INDEX consent_customer ON consent (customer_id, recorded_at, id);
CREATE INDEX consent_reference ON consent (reference, recorded_at, id);
CREATE INDEX customer_redirected ON customer (redirected_to);

CREATE TABLE disclosure (
    id uuid PRIMARY KEY, customer_id uuid NOT NULL, unit varchar NOT NULL, recipient varchar NOT NULL,
    purpose varchar(32) NOT NULL CHECK (purpose IN
        ('delivery', 'installation', 'payment', 'insurance', 'warranty', 'audit', 'partner_offer', 'legal_claim', 'authority')),
    legal_basis varchar(32) NOT NULL CHECK (legal_basis IN ('consent', 'law')), fields jsonb NOT NULL CHECK (fields <> '[]'),
    consents jsonb NOT NULL, evidence varchar, disclosed_by varchar NOT NULL, disclosed_at timestamptz NOT NULL,
    CHECK (legal_basis = 'law' OR consents <> '[]')
);
CREATE INDEX disclosure_newest ON disclosure (disclosed_at, id);
CREATE INDEX disclosure_customer ON disclosure (customer_id, disclosed_at, id);
CREATE INDEX disclosure_unit ON disclosure (unit, disclosed_at, id);
CREATE INDEX disclosure_recipient ON disclosure (recipient, disclosed_at, id);
CREATE INDEX disclosure_purpose ON disclosure (purpose, disclosed_at, id);
CREATE INDEX disclosure_basis ON disclosure (legal_basis, disclosed_at, id);
CREATE INDEX disclosure_by ON disclosure (disclosed_by, disclosed_at, id)"""


def upgrade() -> None:
    for statement in TABLES.split(";"):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE disclosure, consent")
    op.execute("DROP INDEX customer_redirected")
