"""Who did what, when and from where: rows that the database keeps from change, and from deletion before their time."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


#: The law's six months are at most 184 days. RECORD_DAYS may ask for more, never for less.
APPEND_ONLY = """
CREATE FUNCTION records_are_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND OLD.at < now() - interval '184 days' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'records are never changed, nor deleted within six months'
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON accounts_record
    FOR EACH ROW EXECUTE FUNCTION records_are_append_only();
"""
UNDO = """
DROP TRIGGER append_only ON accounts_record;
DROP FUNCTION records_are_append_only();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', "0004_family"),
    ]

    operations = [
        migrations.CreateModel(
            name='Record',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='时间')),
                ('action', models.CharField(max_length=40, verbose_name='做了什么')),
                ('subject', models.CharField(blank=True, max_length=200, verbose_name='对象')),
                ('detail', models.CharField(blank=True, max_length=300, verbose_name='说明')),
                ('path', models.CharField(blank=True, max_length=200, verbose_name='页面')),
                ('address', models.GenericIPAddressField(blank=True, null=True, verbose_name='网络地址')),
                ('actor', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='谁')),
                ('community', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.community', verbose_name='小区')),
                ('person', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='对谁')),
            ],
            options={
                'verbose_name': '操作记录',
                'verbose_name_plural': '操作记录',
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['at'], name='accounts_re_at_e10519_idx'), models.Index(fields=['community', '-id'], name='accounts_re_communi_ca937e_idx'), models.Index(fields=['actor', '-id'], name='accounts_re_actor_i_5540c8_idx'), models.Index(condition=models.Q(('action__in', ('login_failed', 'locked_out', 'refused'))), fields=['at'], name='record_refused')],
            },
        ),
        migrations.RunSQL(APPEND_ONLY, UNDO),
    ]
