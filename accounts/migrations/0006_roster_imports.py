"""Imports of the roster, to be looked at before they are done and to be taken back."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0005_records'),
    ]

    operations = [
        migrations.CreateModel(
            name='RosterImport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('file_name', models.CharField(max_length=200, verbose_name='文件')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='上传时间')),
                ('applied_at', models.DateTimeField(null=True, verbose_name='导入时间')),
                ('undone_at', models.DateTimeField(null=True, verbose_name='撤销时间')),
                ('added', models.PositiveIntegerField(default=0, verbose_name='新增')),
                ('updated', models.PositiveIntegerField(default=0, verbose_name='修改')),
                ('unchanged', models.PositiveIntegerField(default=0, verbose_name='不变')),
                ('rows', models.JSONField(default=list)),
                ('rejected', models.JSONField(default=list)),
                ('changes', models.JSONField(default=list)),
                ('new_homes', models.JSONField(default=list)),
                ('community', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='roster_imports', to='accounts.community', verbose_name='小区')),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='上传人')),
            ],
            options={
                'verbose_name': '名册导入',
                'verbose_name_plural': '名册导入',
                'ordering': ['-id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('undone_at', None), ('applied_at__isnull', False), _connector='OR'), name='undone_only_when_applied')],
            },
        ),
    ]
