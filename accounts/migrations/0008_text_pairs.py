"""Searching by pairs of letters (core/search.py), and the records by what they were done to."""

from django.contrib.postgres.indexes import GinIndex
from django.db import migrations
from django.db.models import Q
from django.db.models.functions import Upper

from community_report.core.search import Pairs

# An index calls it for each row that is written, so it stays within the letters of one text.
FUNCTION = """
    CREATE FUNCTION text_pairs(text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
        SELECT array_agg(DISTINCT letter || following)
        FROM (
            SELECT letter, lead(letter) OVER (ORDER BY place) AS following
            FROM unnest(string_to_array($1, NULL)) WITH ORDINALITY AS letters (letter, place)
        ) AS neighbours
        WHERE following IS NOT NULL
    $$
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0007_labels")]
    operations = [
        migrations.RunSQL("SET LOCAL statement_timeout = 0", migrations.RunSQL.noop),
        migrations.RunSQL(FUNCTION, "DROP FUNCTION text_pairs(text)"),
        migrations.AddIndex(
            "record",
            GinIndex(Pairs(Upper("subject")), condition=~Q(subject=""), name="record_subject_pairs"),
        ),
    ]
