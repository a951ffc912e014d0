"""Searching by pairs of letters (core/search.py), and the records by what and whom they were done to."""

from django.contrib.postgres.indexes import GinIndex
from django.db import migrations, models
from django.db.models import Q
from django.db.models.functions import Upper

from community_report.core.search import Pairs

# An index calls it for each row that is written: a loop is several times as quick as a query over the letters. The cost
# is what planning it needs to know: as much as some hundred comparisons.
FUNCTION = """
    CREATE FUNCTION text_pairs(text) RETURNS text[] LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 500 AS $$
    DECLARE
        letters text[] := string_to_array($1, NULL);
        pairs text[] := '{}';
    BEGIN
        FOR n IN 2 .. cardinality(letters) LOOP
            pairs[n - 1] := letters[n - 1] || letters[n];
        END LOOP;
        RETURN pairs;
    END
    $$
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0008_checked_clock")]
    operations = [
        migrations.RunSQL("SET LOCAL statement_timeout = 0", migrations.RunSQL.noop),
        migrations.RunSQL(FUNCTION, "DROP FUNCTION text_pairs(text)"),
        migrations.AddIndex(
            "record", models.Index(fields=["person"], condition=Q(person__isnull=False), name="record_of_person")
        ),
        migrations.AddIndex(
            "record",
            GinIndex(Pairs(Upper("subject")), condition=~Q(subject=""), name="record_subject_pairs"),
        ),
        # Of a new index on an expression nothing is known until the table is looked through.
        migrations.RunSQL("ANALYZE accounts_record", migrations.RunSQL.noop),
    ]
