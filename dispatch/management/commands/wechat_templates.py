"""manage.py wechat_templates FILE.toml"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from dispatch.services.templates import TemplateFileError, read_template_file, set_templates


class Command(BaseCommand):
    help = (
        "Say which template serves which kind of message; the account's templates are then exactly those of the file."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            changes = set_templates(read_template_file(options["file"]))
        except TemplateFileError as error:
            raise CommandError(str(error)) from None
        for line in changes or ["nothing changed"]:
            self.stdout.write(line)
