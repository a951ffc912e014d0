"""How many rows of each import could not be taken, counted once."""

from django.db import migrations

FILL = "UPDATE accounts_rosterimport SET bad = jsonb_array_length(rejected) WHERE rejected <> '[]'"


class Migration(migrations.Migration):
    dependencies = [("accounts", "0012_bad_rows_counted")]
    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
