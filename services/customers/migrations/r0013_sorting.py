"""Names in Chinese order, by pinyin, where the database has ICU; elsewhere nothing is made, and lists are not sorted so (`shared/sorting.py`)."""

from alembic import op

revision, down_revision = "0013", "0012"

# Tried, and not looked up: `pg_collation` names some of ICU's also where the build has none of it.
ORDER = """
DO $$ BEGIN
    CREATE COLLATION careloop_zh (provider = icu, locale = 'zh-u-co-pinyin');
    CREATE INDEX customer_in_chinese ON customer ((display_name IS NULL), (coalesce(display_name, '') COLLATE careloop_zh), id);
    CREATE INDEX colleague_in_chinese ON colleague ((display_name IS NULL), (coalesce(display_name, '') COLLATE careloop_zh), id);
EXCEPTION WHEN feature_not_supported THEN
    RAISE NOTICE 'This PostgreSQL has no ICU, and so no Chinese order.';
END $$"""


def upgrade() -> None:
    op.execute(ORDER)


def downgrade() -> None:
    op.execute("DROP INDEX IF EXISTS customer_in_chinese, colleague_in_chinese")
    op.execute("DROP COLLATION IF EXISTS careloop_zh")
