"""Answers prepared by a community for what is asked often."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0007_labels'),
        ('reports', '0009_internal_notes'),
    ]

    operations = [
        migrations.CreateModel(
            name='PreparedAnswer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('use', models.CharField(blank=True, choices=[('progress', '更新进展'), ('resolve', '提交结果'), ('dismiss', '驳回')], help_text='留空表示所有场合', max_length=10, verbose_name='用在')),
                ('title', models.CharField(help_text='按钮上的几个字', max_length=20, verbose_name='名称')),
                ('text', models.TextField(max_length=1000, verbose_name='内容')),
                ('position', models.PositiveIntegerField(default=0, verbose_name='顺序')),
                ('active', models.BooleanField(default=True, verbose_name='启用')),
                ('category', models.ForeignKey(blank=True, help_text='留空表示所有分类', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='reports.category', verbose_name='信息分类')),
                ('community', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.community', verbose_name='小区')),
            ],
            options={
                'verbose_name': '常用答复',
                'verbose_name_plural': '常用答复',
                'ordering': ['position', 'id'],
            },
        ),
    ]
