"""Decides one request: an explicit Deny wins, and nothing is allowed by silence.

In its own account a principal needs an identity policy, or a policy of the resource that names it. From another account
it needs both. A trust policy has to allow in any case. IAM User Guide: "Policy evaluation logic".
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from accounts.iam.document import Kind, Policy
from accounts.iam.principals import Naming
from accounts.iam.request import Decision, Request, Rights, Source, Step, SubjectKind
from accounts.iam.statement import Statement


@dataclass(frozen=True, slots=True)
class Explanation:
    """The decision, and how each statement answered, in the order in which policies are asked."""

    decision: Decision
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class _Found:
    """What a group of policies says: the statement that denies, or the one that allows and how closely it names."""

    source: Source
    denied_by: tuple[Policy, Statement] | None = None
    allowed_by: tuple[Policy, Statement] | None = None
    naming: Naming = Naming.NO


def evaluate(
    request: Request,
    rights: Rights,
    resource_policies: Sequence[Policy] = (),
    *,
    public: Sequence[Policy] = (),
    is_trust: bool = False,
) -> Decision:
    """Decide whether the subject may do the action on the resource."""
    action, arn = request.action.lower(), str(request.resource)
    of_resource = _ask(_source(resource_policies), resource_policies, request, action, arn)
    identity = _ask(Source.IDENTITY, rights.identity, request, action, arn)
    session = _ask(Source.SESSION, rights.session or (), request, action, arn)
    open_to_all = _ask(Source.PUBLIC, public, request, action, arn)
    for found in (of_resource, identity, session, open_to_all):
        if found.denied_by is not None:
            return _denied(found, found.denied_by)
    if open_to_all.allowed_by is not None:
        return _allowed(open_to_all)
    if request.subject.kind is SubjectKind.ANONYMOUS:
        return Decision(False, "nobody has signed in, and it is not open to everybody")
    own = identity.allowed_by is not None or rights.everything
    within = rights.session is None or session.allowed_by is not None
    return _joined(request, identity, of_resource, own=own, within=within, is_trust=is_trust)


def _joined(
    request: Request, identity: _Found, of_resource: _Found, *, own: bool, within: bool, is_trust: bool
) -> Decision:
    """What both sides say together: `own` the identity's policies, `within` the limits of its session."""
    named = of_resource.naming
    if request.subject.kind is SubjectKind.FEDERATED:
        return _allowed(of_resource) if named else Decision(False, "the trust policy does not allow it", Source.TRUST)
    is_same = _is_same_account(request)
    if is_trust and not named:
        return Decision(False, "the trust policy does not allow it", Source.TRUST)
    if not is_same and not named:
        return Decision(False, "it is of another account, and no policy of the resource allows it")
    if is_same and named is Naming.SESSION:
        return _allowed(of_resource)
    if not within:
        return Decision(False, "no session policy allows it", Source.SESSION)
    if is_same and named is Naming.PRINCIPAL:
        return _allowed(of_resource)
    if not own:
        needed = "" if is_same else ", which another account's resource needs as well"
        return Decision(False, f"no identity-based policy allows it{needed}")
    if not is_same or is_trust:
        return _allowed(of_resource)
    return _allowed(identity) if identity.allowed_by else Decision(True, "it may do everything there", Source.ROOT)


def _is_same_account(request: Request) -> bool:
    """Whether the resource is of the subject's account; one without an account, such as `*`, is everybody's own."""
    return request.resource.account_id in {"", request.subject.account_id}


def _source(policies: Sequence[Policy]) -> Source:
    return Source.TRUST if policies and policies[0].kind is Kind.TRUST else Source.RESOURCE


def _ask(source: Source, policies: Iterable[Policy], request: Request, action: str, arn: str) -> _Found:
    """Ask each statement; the first Deny ends it, the closest naming counts among those that allow."""
    allowed_by: tuple[Policy, Statement] | None = None
    closest = Naming.NO
    for policy in policies:
        for statement in policy.statements:
            if statement.allows and closest is Naming.SESSION:
                continue
            naming = statement.applies(request, action, arn)
            if not naming:
                continue
            if not statement.allows:
                return _Found(source, denied_by=(policy, statement))
            if naming > closest:
                allowed_by, closest = (policy, statement), naming
    return _Found(source, allowed_by=allowed_by, naming=closest)


def _denied(found: _Found, by: tuple[Policy, Statement]) -> Decision:
    policy, statement = by
    source = _named(found.source, policy)
    return Decision(
        False, f"an explicit deny in {_article(source)}", source, policy.name, statement.label, explicit=True
    )


def _allowed(found: _Found) -> Decision:
    if found.allowed_by is None:
        return Decision(True, "it may do everything there", Source.ROOT)
    policy, statement = found.allowed_by
    source = _named(found.source, policy)
    return Decision(True, f"allowed by {_article(source)}", source, policy.name, statement.label)


def _named(source: Source, policy: Policy) -> Source:
    """The registry's policy is asked together with the repository's, but is another one."""
    return Source.REGISTRY if source is Source.RESOURCE and policy.kind is Kind.REGISTRY else source


def _article(source: Source) -> str:
    return f"an {source}" if source is Source.IDENTITY else f"a {source}"


def explain(
    request: Request,
    rights: Rights,
    resource_policies: Sequence[Policy] = (),
    *,
    public: Sequence[Policy] = (),
    is_trust: bool = False,
) -> Explanation:
    """Decide, and say of each statement whether it matched, or which element did not."""
    decision = evaluate(request, rights, resource_policies, public=public, is_trust=is_trust)
    action, arn = request.action.lower(), str(request.resource)
    groups = (
        (Source.IDENTITY, rights.identity),
        (Source.SESSION, rights.session or ()),
        (_source(resource_policies), resource_policies),
        (Source.PUBLIC, public),
    )
    steps = []
    for source, policies in groups:
        for policy in policies:
            for statement in policy.statements:
                element, detail = statement.why_not(request, action, arn)
                effect = "Allow" if statement.allows else "Deny"
                own = _named(source, policy)
                steps.append(Step(own, policy.name, statement.label, effect, not element, element, detail))
    return Explanation(decision, tuple(steps))
