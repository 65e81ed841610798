"""`manage.py peer`: other deployments that this one trusts, for replication between them."""

from argparse import ArgumentParser
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

from accounts.caller import Staff
from registry.core import peers
from registry.errors import InvalidValue, PeerAlreadyExists, PeerChanged, PeerNotFound
from registry.replication import trying
from registry.replication.trying import Problem

OPERATOR: Final = Staff("operator")
"""Whoever runs commands at the machine."""

PROBLEMS: Final = {
    Problem.STRANGER: "It does not know this deployment's key, or the clocks are more than a minute apart.",
    Problem.FORBIDDEN: "Its address is in a private network, which KHO_OUTBOUND_NETWORKS does not name.",
    Problem.AWAY: "It can't be asked: {why}.",
    Problem.NO_KHO: "What answers there is no Kho that knows of peers: {why}.",
}


class Command(BaseCommand):
    """Shows this deployment's key; lists, adds, changes, tries and removes peers."""

    help = "Join deployments: show this one's key; list, add, change, check and remove peers."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what to do, and with which peer."""
        steps = parser.add_subparsers(dest="step", required=True)
        steps.add_parser("key", help="print this deployment's public key, for `peer add --key` at the other one")
        steps.add_parser("new-key", help="make another key; peers refuse this deployment until they have it")
        steps.add_parser("list", help="list the peers")
        adding = steps.add_parser("add", help="let another deployment be a peer")
        adding.add_argument("name", help="what it is called here")
        adding.add_argument("--url", required=True, help="where it is, such as https://kho.example.com")
        adding.add_argument("--region", action="append", required=True, help="a region that it serves; may be repeated")
        adding.add_argument("--key", required=True, help="what `peer key` prints there")
        adding.add_argument(
            "--account", action="append", default=[], help="an account that it may speak for here; may be repeated"
        )
        changing = steps.add_parser("change", help="list something else for a peer; what is not given stays")
        changing.add_argument("name")
        changing.add_argument("--url", help="where it is now")
        changing.add_argument("--region", action="append", help="instead of its regions; may be repeated")
        changing.add_argument("--key", help="what `peer key` prints there now")
        accounts = changing.add_mutually_exclusive_group()
        accounts.add_argument("--account", action="append", help="instead of its accounts; may be repeated")
        accounts.add_argument(
            "--no-account", action="store_const", const=[], dest="account", help="nothing comes from it"
        )
        checking = steps.add_parser("check", help="ask a peer whether each knows the other")
        checking.add_argument("name")
        removing = steps.add_parser("remove", help="let a peer in no more, and send it nothing")
        removing.add_argument("name")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it and say so."""
        try:
            self._do(options)
        except InvalidValue as error:
            raise CommandError(f"{error}.") from error
        except PeerNotFound as error:
            raise CommandError(f"There is no peer {error.name}.") from error
        except PeerAlreadyExists as error:
            raise CommandError(f"A peer has this already: {error.why}.") from error
        except PeerChanged as error:
            raise CommandError(
                f"Somebody else has changed {error.name} meanwhile. Look at it, and try again."
            ) from error

    def _do(self, options: dict[str, Any]) -> None:
        match options["step"]:
            case "key":
                self.stdout.write(peers.own_public_key())
            case "new-key":
                self.stdout.write(peers.renew_key(OPERATOR))
            case "list":
                for row in peers.listed():
                    speaks = ", ".join(row.account_ids) or "no account"
                    self.stdout.write(f"{row.name}  {row.url}  {', '.join(row.regions)}  speaks for {speaks}")
            case "add":
                made = peers.add(
                    OPERATOR,
                    name=options["name"],
                    url=options["url"],
                    regions=options["region"],
                    account_ids=options["account"],
                    public_key=options["key"],
                )
                self.stdout.write(f"{made.name} is a peer. Try it with: manage.py peer check {made.name}")
            case "change":
                self._change(options)
            case "check":
                self._check(options["name"])
            case _:
                peers.remove(OPERATOR, options["name"])
                self.stdout.write(f"{options['name']} is no peer any more. What was copied stays.")

    def _change(self, options: dict[str, Any]) -> None:
        """List what is given in the place of what is listed."""
        name, now = options["name"], peers.facts(peers.get(options["name"]))
        options_of = {"url": "url", "regions": "region", "account_ids": "account", "public_key": "key"}
        given = {field: options[option] for field, option in options_of.items() if options[option] is not None}
        if not given:
            raise CommandError("Give what is to change: --url, --region, --key, --account or --no-account.")
        peers.change(OPERATOR, name, **now | given, instead_of=now)
        self.stdout.write(f"What is listed for {name} is changed. Try it with: manage.py peer check {name}")

    def _check(self, name: str) -> None:
        """Say how it went; the exit code tells, too."""
        found = trying.check(peers.get(name))
        if found.problem is not None:
            raise CommandError(PROBLEMS[found.problem].format(why=found.why))
        accounts = ", ".join(found.accounts) or "no account"
        self.stdout.write(f"It answers, knows this deployment as {found.name}, and lets it speak for {accounts}.")
        for region in found.missing:
            self.stdout.write(f"It does not serve {region}, which is listed for it here.")
