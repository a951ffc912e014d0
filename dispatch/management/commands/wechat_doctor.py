"""manage.py wechat_doctor [--json]"""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from dispatch.services.doctor import FAILED, examine


class Command(BaseCommand):
    help = "Check the official account's setup and say how to mend each fault; exit status 1 when a check failed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print a JSON list and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        findings = examine()
        if options["json"]:
            rows = [finding.as_dict() for finding in findings]
            self.stdout.write(json.dumps(rows, ensure_ascii=False, indent=2))
        else:
            for finding in findings:
                self.stdout.write(f"{finding.status:8} {finding.check:11} {finding.detail}")
                if finding.mend:
                    self.stdout.write(f"{'':20} → {finding.mend}")
        if any(finding.status == FAILED for finding in findings):
            raise SystemExit(1)
