"""manage.py wechat_menu sync|show|delete"""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from community_report.wechat.client import Client, get_client
from community_report.wechat.errors import WeChatError
from dispatch.services import menu


class Command(BaseCommand):
    help = "The account's menu: put it to WeChat, show what WeChat has, or delete it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=("sync", "show", "delete"))

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, options["action"])(get_client())
        except WeChatError as error:
            raise CommandError(f"{error} (python manage.py wechat_doctor says more)") from None

    def sync(self, client: Client) -> None:
        if menu.same(client.menu_get(), menu.menu()):
            self.stdout.write("unchanged")
            return
        client.menu_create(menu.menu())
        self.stdout.write("changed; phones show it within five minutes of entering the chat anew")

    def show(self, client: Client) -> None:
        there = client.menu_get()
        self.stdout.write(json.dumps(there, ensure_ascii=False, indent=2) if there else "no menu")

    def delete(self, client: Client) -> None:
        client.menu_delete()
        self.stdout.write("deleted")
