"""Internal notes, which the database never changes or deletes either."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

APPEND_ONLY = """
CREATE FUNCTION internal_notes_are_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Erasure of their author blanks the words; it says so for its transaction only.
    IF TG_OP = 'UPDATE' AND current_setting('community_report.erasing', true) = 'on'
       AND (NEW.id, NEW.report_id, NEW.author_id, NEW.at) IS NOT DISTINCT FROM (OLD.id, OLD.report_id, OLD.author_id, OLD.at)
       AND NEW.text = '' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'internal notes are never changed or deleted' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON reports_internalnote
    FOR EACH ROW EXECUTE FUNCTION internal_notes_are_append_only();
"""
UNDO = """
DROP TRIGGER append_only ON reports_internalnote;
DROP FUNCTION internal_notes_are_append_only();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('reports', '0008_no_index_twice'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='InternalNote',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='时间')),
                ('text', models.TextField(blank=True, verbose_name='内容')),
                ('author', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='internal_notes', to=settings.AUTH_USER_MODEL, verbose_name='谁')),
                ('report', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='internal_notes', to='reports.report', verbose_name='报单')),
            ],
            options={
                'verbose_name': '内部备注',
                'verbose_name_plural': '内部备注',
                'ordering': ['id'],
            },
        ),
        migrations.RunSQL(APPEND_ONLY, UNDO),
    ]
