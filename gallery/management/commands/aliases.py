"""`manage.py aliases`: the queue of alias requests, for staff without a browser."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from gallery.aliases import decisions, queue, requests
from gallery.errors import RequestNotFound
from gallery.management.commands._staff import OPERATOR, plain_errors
from gallery.models import AliasRequest


class Command(BaseCommand):
    """Lists and shows requests, and decides about them."""

    help = "List alias requests, show one, approve or refuse it, or ask the publisher."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what to do, and with which request."""
        steps = parser.add_subparsers(dest="step", required=True)
        states = [queue.WAITING, "all", *AliasRequest.State.values]
        steps.add_parser("list", help="list requests").add_argument("--state", default=queue.WAITING, choices=states)
        for step, words, option in (
            ("show", "show a request with its history", ""),
            ("approve", "give the alias to the account", "--note"),
            ("refuse", "refuse, with the reason that the publisher reads", "--reason"),
            ("ask", "ask the publisher a question", "--question"),
        ):
            made = steps.add_parser(step, help=words)
            made.add_argument("alias", help="the name that is asked for")
            made.add_argument("number", type=int, nargs="?", default=0, help="of the request, if not the newest")
            if option:
                made.add_argument(
                    option, required=step != "approve", default="", dest="text", help="words to the publisher"
                )

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it and say so."""
        with plain_errors():
            if options["step"] == "list":
                self._list(options["state"])
                return
            request = self._request(options["alias"], options["number"])
            match options["step"]:
                case "show":
                    self._show(request)
                case "approve":
                    decisions.approve(OPERATOR, request.id, note=options["text"])
                    self.stdout.write(f"The account {request.account_id} has the alias {request.alias} now.")
                case "refuse":
                    decisions.reject(OPERATOR, request.id, options["text"])
                    self.stdout.write(f"The request for {request.alias} is refused.")
                case _:
                    decisions.ask(OPERATOR, request.id, options["text"])
                    self.stdout.write(f"The question about {request.alias} is sent.")

    def _list(self, state: str) -> None:
        number = 1
        while True:
            page = queue.page(state="" if state == "all" else state, number=number)
            for row in page.rows:
                flags = f"  [{', '.join(row.flags)}]" if row.flags else ""
                self.stdout.write(
                    f"{row.alias} {row.number}  {row.account_id}  {row.state}  {row.requested_at:%Y-%m-%d}{flags}"
                )
            if number >= page.pages:
                break
            number += 1

    def _show(self, request: AliasRequest) -> None:
        self.stdout.write(f"{request.alias} {request.number}: {request.state}")
        self.stdout.write(f"account: {request.account_id} {request.account.name}")
        self.stdout.write(f"website: {request.website}")
        if request.similar:
            self.stdout.write(f"near: {', '.join(request.similar)}")
        for event in requests.history(request):
            self.stdout.write(f"{event.at:%Y-%m-%d %H:%M} {event.state} by {event.by}")
            for line in event.text.splitlines():
                self.stdout.write(f"    {line}")

    @staticmethod
    def _request(alias: str, number: int) -> AliasRequest:
        """The request of this number, or the newest one for the name. RequestNotFound."""
        found = queue.find(alias, number) if number else queue.newest(alias)
        if found is None:
            raise RequestNotFound(f"{number} for {alias}" if number else f"for {alias}")
        return found
