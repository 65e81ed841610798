"""Acting as a role in the console: who may, with which rights, for how long, and that nobody else can."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.caller import Caller, operator
from accounts.console.assumed import KEY, session_name
from accounts.directory import console_passwords, people, policies, roles, users
from accounts.models import Account, AuditEvent, Membership, Person, Principal, Session
from accounts.sessions import assume, temporary
from registry.models import Repository
from registry.values import Address
from tests.factories.registry import make_repository
from tests.registry.console.test_console import BASE, PASSWORD, PRIVATE, ana, chi, member, page

__all__ = ["ana", "chi"]
OWN, OTHER = "111122223333", "444455556666"
THERE = f"/console/{OTHER}"
ASSUME = f"{BASE}/assume"
ANA = f"arn:aws:sts::{OWN}:assumed-role/Administrator/ana@example.com"
LOOK = ("ecr:Describe*", "ecr:List*")


def document(*actions: str, effect: str = "Allow", **more: Any) -> str:
    """A policy with one statement."""
    statement = {"Effect": effect, "Action": list(actions), "Resource": "*"} | more
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def role(account_id: str, name: str, *actions: str, trusts: str = OWN, **more: Any) -> str:
    """The ARN of a role that trusts somebody and may do something."""
    statement = {"Effect": "Allow", "Principal": {"AWS": trusts}, "Action": "sts:AssumeRole"} | more
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    made = roles.create(operator(account_id), account_id, name, text)
    if actions:
        policies.put_inline(operator(account_id), made, "own", document(*actions))
    return made.arn


@pytest.fixture
def deploy(charlie: Caller) -> str:
    """A role of Charlie's account, which Alice's account may assume."""
    make_repository(charlie, "their/app")
    return role(OTHER, "deploy", *LOOK)


def take(client: Client, arn: str, status: int = 303, path: str = ASSUME, **more: str) -> str:
    """Assume a role; the text of the answer."""
    answer = client.post(path, {"role_arn": arn, **more})
    assert answer.status_code == status, answer.content.decode()
    if status == 303:
        assert answer.headers["Location"] == f"/console/{arn.split(':')[4]}"
    return answer.content.decode()


def only() -> Session:
    """The session that there is."""
    return Session.objects.get()


def test_a_role_of_another_account_is_acted_as_until_stop(ana: Client, deploy: str) -> None:
    page(ana, THERE, 404)
    take(ana, deploy)
    text = page(ana, THERE)
    assert "You act as <strong>deploy</strong>" in text and OTHER in text and "assumed: deploy" in text
    assert "their/app" in page(ana, f"{THERE}/us-east-1/repositories")
    page(ana, f"{THERE}/iam/users", 403)
    session = only()
    assert (session.name, session.issued_by, session.principal.arn) == ("ana@example.com", ANA, deploy)
    assert f"assumed-role/deploy/{session.name}" in page(ana, f"{THERE}/iam/users", 403)
    text = page(ana, BASE)
    assert "You act as" not in text and f"to={OTHER}&amp;from={BASE}" in text and "assumed: deploy" in text
    assert ana.get("/console").headers["Location"] == BASE
    page(ana, THERE)
    assert ana.get("/console").headers["Location"] == THERE
    answer = ana.post("/console/role/stop")
    assert (answer.status_code, answer.headers["Location"]) == (303, BASE)
    assert "You act as yourself again." in page(ana, BASE)
    page(ana, THERE, 404)
    assert only().revoked_at is not None
    begun, ended = AuditEvent.objects.filter(event_name__in=["AssumeRole", "ExitRole"]).order_by("event_time")
    assert (begun.account_id, begun.principal_arn, begun.resource_arn) == (OTHER, ANA, deploy)
    assert (ended.account_id, ended.principal_arn, ended.access_key_id) == (OTHER, session.arn, session.id)


def test_the_browser_session_has_no_secret(ana: Client, deploy: str) -> None:
    take(ana, deploy)
    session = only()
    assert ana.session[KEY] == {"role": deploy, "sessions": [session.id], "from": OWN}
    kept = json.dumps(dict(ana.session.items()))
    assert temporary.secret_of(session) not in kept and temporary.token_of(session.id) not in kept


def test_on_ones_own_account_the_role_counts_and_not_the_membership(ana: Client, address: Address) -> None:
    arn = role(OWN, "looker", *LOOK)
    assert "Assume</button>" in page(ana, f"{BASE}/iam/roles/looker")
    page(ana, f"{PRIVATE}/team/app/-/delete")
    take(ana, arn)
    assert "team/app" in page(ana, PRIVATE)
    page(ana, f"{BASE}/iam/users", 403)
    assert ana.post(f"{PRIVATE}/team/app/-/delete", {"typed": "team/app"}).status_code == 403
    assert Repository.objects.filter(deleted_at=None).count() == 1
    ana.post("/console/role/stop")
    page(ana, f"{BASE}/iam/users")


def test_what_the_session_brings_counts(ana: Client, alice: Caller) -> None:
    arn = role(OWN, "tagged", "iam:ListUsers")
    Principal.objects.filter(name="tagged").update(tags={"team": "shop"})
    take(ana, arn)
    page(ana, f"{BASE}/iam/users")
    Session.objects.update(policies=[document("ecr:*")])
    page(ana, f"{BASE}/iam/users", 403)
    condition = {"StringEquals": {"aws:PrincipalTag/team": "book"}}
    Session.objects.update(policies=[document("iam:*", Condition=condition)])
    page(ana, f"{BASE}/iam/users", 403)
    Session.objects.update(tags={"team": "book"})
    page(ana, f"{BASE}/iam/users")


@pytest.mark.parametrize(
    "case", ["trust", "absent", "own policy", "denied", "external id", "wrong external id", "disabled", "suspended"]
)
def test_refused_in_the_same_words(ana: Client, charlie: Caller, case: str) -> None:
    more: dict[str, str] = {}
    arn = f"arn:aws:iam::{OTHER}:role/deploy"
    administrator = Principal.objects.get(account_id=OWN, name="Administrator")
    match case:
        case "trust":
            role(OTHER, "deploy", trusts="999988887777")
        case "own policy":
            role(OTHER, "deploy")
            policies.detach(operator(OWN), administrator, policies.ADMINISTRATOR_ACCESS)
            policies.put_inline(operator(OWN), administrator, "own", document("ecr:*"))
        case "denied":
            role(OTHER, "deploy")
            policies.put_inline(operator(OWN), administrator, "no", document("sts:*", effect="Deny"))
        case "external id" | "wrong external id":
            role(OTHER, "deploy", Condition={"StringEquals": {"sts:ExternalId": "mouse"}})
            more = {"external_id": "cat"} if case.startswith("wrong") else {}
        case "disabled":
            role(OTHER, "deploy")
            Principal.objects.filter(name="deploy").update(is_active=False)
        case "suspended":
            role(OTHER, "deploy")
            Account.objects.filter(id=OTHER).update(is_active=False)
    text = take(ana, arn, 403, **more)
    assert "You may not assume this role. Either there is none" in text and "trust policy does not allow" not in text
    assert not Session.objects.exists() and KEY not in ana.session
    page(ana, THERE, 404)


def test_the_external_id_lets_in(ana: Client, charlie: Caller) -> None:
    arn = role(OTHER, "deploy", Condition={"StringEquals": {"sts:ExternalId": "mouse"}})
    take(ana, arn, external_id="mouse")
    page(ana, THERE)


@pytest.mark.parametrize("arn", ["", "deploy", f"arn:aws:iam::{OTHER}:user/deploy", f"arn:aws:iam::{OTHER}:role/a b"])
def test_what_is_no_role_is_refused(ana: Client, arn: str) -> None:
    assert "No role was assumed" in take(ana, arn, 422)


def test_an_external_id_has_a_form(ana: Client, deploy: str) -> None:
    assert "2 to 1224 letters" in take(ana, deploy, 422, external_id="a b")
    assert not Session.objects.exists()


def end(how: str, arn: str) -> None:
    """Let an assumed role end."""
    deploy = Principal.objects.get(name="deploy")
    match how:
        case "expired":
            Session.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        case "revoked session":
            temporary.end([only().id])
        case "revoked sessions of the role":
            Session.objects.update(issued_at=timezone.now() - timedelta(minutes=1))
            temporary.revoke(deploy)
        case "disabled":
            Principal.objects.filter(id=deploy.id).update(is_active=False)
        case "deleted":
            policies.delete_inline(operator(OTHER), deploy, "own")
            roles.delete(operator(OTHER), OTHER, "deploy")
        case "suspended":
            Account.objects.filter(id=OTHER).update(is_active=False)
        case "no member":
            Membership.objects.all().delete()


ENDS = ("expired", "revoked session", "revoked sessions of the role", "disabled", "deleted", "suspended", "no member")


@pytest.mark.parametrize("how", ENDS)
def test_it_ends_by_the_next_request(ana: Client, deploy: str, how: str) -> None:
    take(ana, deploy)
    page(ana, THERE)
    end(how, deploy)
    assert f"You don&#x27;t act as deploy in {OTHER} any more" in page(ana, THERE, 404)
    assert KEY not in ana.session
    assert "any more" not in page(ana, THERE, 404)


def test_another_role_of_ones_own_ends_it(ana: Client, deploy: str) -> None:
    take(ana, deploy)
    role(OWN, "less", "ecr:*")
    people.add_to_account(people.get("ana@example.com"), Account.objects.get(id=OWN), "less")
    page(ana, THERE, 404)


def test_a_form_that_comes_after_the_end_does_nothing(ana: Client, address: Address) -> None:
    arn = role(OWN, "deploy", "ecr:*")
    take(ana, arn)
    Session.objects.update(expires_at=timezone.now())
    form = {"typed": "team/app", "confirmed": "1"}
    answer = ana.post(f"{PRIVATE}/team/app/-/delete", form)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/console")
    assert Repository.objects.filter(deleted_at=None).count() == 1
    assert "You don&#x27;t act as deploy" in ana.get("/console", follow=True).content.decode()
    take(ana, arn)
    Session.objects.update(expires_at=timezone.now())
    answer = ana.post(f"{PRIVATE}/team/app/-/delete", form, headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"], answer.content) == (409, "/console", b"")
    page(ana, f"{PRIVATE}/team/app/-/delete")


def test_one_role_leads_to_the_next(ana: Client, deploy: str) -> None:
    policies.put_inline(operator(OTHER), _deploy(), "on", document("sts:*"))
    next_role = role(OWN, "next", *LOOK, trusts=deploy)
    take(ana, next_role, 403)
    take(ana, deploy)
    take(ana, next_role, path=f"{THERE}/assume")
    assert "You act as <strong>next</strong>" in page(ana, BASE)
    page(ana, THERE, 404)
    first, second = Session.objects.order_by("principal__name")
    assert second.issued_by == first.arn and second.expires_at - second.issued_at <= timedelta(hours=1)
    assert ana.session[KEY] == {"role": next_role, "sessions": [first.id, second.id], "from": OWN}
    assert ana.post("/console/role/stop").headers["Location"] == BASE
    assert not Session.objects.filter(revoked_at=None).exists()


def _deploy() -> Principal:
    return Principal.objects.get(name="deploy")


def test_a_chain_has_an_end(ana: Client, deploy: str) -> None:
    policies.put_inline(operator(OTHER), _deploy(), "on", document("sts:*"))
    roles.update_trust(operator(OTHER), OTHER, "deploy", _trust(OWN, deploy))
    take(ana, deploy)
    for _ in range(7):
        take(ana, deploy, path=f"{THERE}/assume")
    assert "You have come here by 8 roles" in take(ana, deploy, 422, path=f"{THERE}/assume")
    page(ana, THERE)


def _trust(*who: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"AWS": list(who)}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_assuming_from_ones_own_account_ends_the_former_one(ana: Client, deploy: str) -> None:
    take(ana, deploy)
    take(ana, role(OWN, "looker", *LOOK))
    page(ana, THERE, 404)
    assert Session.objects.get(principal__name="deploy").revoked_at is not None
    assert Session.objects.get(principal__name="looker").revoked_at is None


def forge(client: Client, **kept: Any) -> None:
    """Write into the browser session, which no browser can do."""
    session = client.session
    session[KEY] = kept
    session.save()


def test_sessions_of_others_are_not_acted_as(ana: Client, deploy: str) -> None:
    take(ana, deploy)
    eve = Client()
    eve.force_login(member(OWN, "eve@example.com"))
    forge(eve, **ana.session[KEY])
    page(eve, THERE, 404)
    assert KEY not in eve.session
    page(ana, THERE)
    forge(eve, **ana.session[KEY])
    eve.post("/console/role/stop")
    assert only().revoked_at is None, "nobody ends sessions of others"


def test_only_sessions_of_the_role_that_is_named_count(ana: Client, deploy: str) -> None:
    caller = Caller(account_id=OWN, principal_arn=ANA)
    made = temporary.issue(_deploy(), kind=Session.Kind.ASSUMED, seconds=900, name="x", issued_by=ANA)
    token = temporary.issue(_deploy(), kind=Session.Kind.TOKEN, seconds=900, issued_by=caller.principal_arn)
    strange = temporary.issue(_deploy(), kind=Session.Kind.ASSUMED, seconds=900, name="x", issued_by="strange")
    good = made.session.id
    for sessions, named in (
        ([], deploy),
        (["ASIAABSENT"], deploy),
        ([token.session.id], deploy),
        ([strange.session.id], deploy),
        ([good, strange.session.id], deploy),
        ([strange.session.id, good], deploy),
        ([good], f"{deploy}2"),
    ):
        forge(ana, **{"role": named, "sessions": sessions, "from": OWN})
        page(ana, THERE, 404)
    forge(ana, **{"role": deploy, "sessions": [good], "from": OWN})
    page(ana, THERE)


def test_parameters_of_the_request_do_not_help(chi: Client, ana: Client, address: Address) -> None:
    arn = role(OWN, "looker", *LOOK)
    take(ana, arn)
    kept = only().id
    for extra in ({"kho_assumed": kept}, {"session": kept, "role": arn}):
        assert chi.get(BASE, extra).status_code == 404
    chi.cookies["kho_assumed"] = kept
    page(chi, BASE, 404)
    take(chi, arn, 403, path=f"{THERE}/assume")
    page(chi, ASSUME, 404)


def test_sign_out_ends_it(ana: Client, deploy: str) -> None:
    take(ana, deploy)
    ana.post("/sign-out")
    assert only().revoked_at is not None
    assert AuditEvent.objects.filter(event_name="ExitRole", account_id=OTHER).exists()


def test_iam_users_assume_roles(alice: Caller, deploy: str) -> None:
    bo = users.create(operator(OWN), OWN, "b")
    console_passwords.create(operator(OWN), OWN, "b", PASSWORD)
    client = Client()
    answer = client.post("/sign-in/user", {"account": OWN, "user_name": "b", "password": PASSWORD})
    assert answer.headers["Location"] == "/console"
    take(client, deploy, 403)
    policies.put_inline(operator(OWN), bo, "on", document("sts:AssumeRole"))
    take(client, deploy)
    page(client, THERE)
    assert (only().name, only().issued_by) == ("b-", bo.arn)
    assert "You act as <strong>deploy</strong>" in page(client, THERE)
    client.post("/console/role/stop")
    page(client, THERE, 404)
    page(client, BASE)


def test_the_button_is_for_who_may(ana: Client, charlie: Caller) -> None:
    role(OWN, "theirs", trusts=OTHER)
    role(OWN, "secret", Condition={"StringEquals": {"sts:ExternalId": "mouse"}})
    for name in ("theirs", "secret", "Administrator"):
        assert "Assume</button>" not in page(ana, f"{BASE}/iam/roles/{name}")


def test_what_is_the_persons_stays_theirs(ana: Client, deploy: str) -> None:
    take(ana, deploy)
    ana.post("/account/columns", {"table": "repositories", "name": "on"})
    assert Person.objects.get(email="ana@example.com").columns
    page(ana, "/account/notifications")
    assert ana.get(f"{THERE}/notifications").headers["Location"] == "/account/notifications"


def test_switching_keeps_the_kind_of_page(ana: Client, deploy: str) -> None:
    take(ana, deploy)
    answer = ana.get("/console/switch", {"to": OTHER, "from": PRIVATE})
    assert answer.headers["Location"] == f"{THERE}/us-east-1/repositories"


@pytest.mark.parametrize(
    ("mail", "name"),
    [
        ("ana@example.com", "ana@example.com"),
        ("o'neil/x@example.com", "o-neil-x@example.com"),
        (f"{'a' * 70}@b.c", "a" * 64),
    ],
)
def test_names_of_sessions_are_legal(mail: str, name: str) -> None:
    assert session_name(Person(email=mail)) == name and assume.SESSION_NAME.fullmatch(name)
