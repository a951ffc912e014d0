"""Searching by words: trigrams of what a report says (pg_trgm is trusted, so the database's owner may create it)."""

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations
from django.db.models import TextField, Value
from django.db.models.functions import Concat, Upper

WORDS = Upper(
    Concat("number", Value(" "), "title", Value(" "), "description", Value(" "), "address", output_field=TextField())
)


class Migration(migrations.Migration):
    dependencies = [("reports", "0002_invariants")]
    operations = [
        TrigramExtension(),
        migrations.AddIndex("report", GinIndex(OpClass(WORDS, name="gin_trgm_ops"), name="report_words")),
    ]
