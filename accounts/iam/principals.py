"""Whom a statement of a resource's policy names. IAM User Guide: "AWS JSON policy elements: Principal"."""

import re
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from accounts.iam.request import Subject, SubjectKind

ACCOUNT: Final = re.compile(r"[0-9]{12}")
ROOT: Final = re.compile(r"arn:aws[a-z-]*:iam::([0-9]{12}):root")
PRINCIPAL: Final = re.compile(
    r"arn:aws[a-z-]*:(?:iam::[0-9]{12}:(?:user|role)/[\x21-\x7e]+|sts::[0-9]{12}:assumed-role/[\x21-\x7e]+/[\x21-\x7e]+)"
)
PROVIDER: Final = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:(?:oidc|saml)-provider/[\x21-\x7e]+")
SERVICE: Final = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.amazonaws\.com")


class Naming(IntEnum):
    """How closely a statement names a subject."""

    NO = 0
    ACCOUNT = 1
    """Its account, which may then let it in by its own policies."""
    PRINCIPAL = 2
    """The user or role itself, or everybody."""
    SESSION = 3
    """The one session."""


@dataclass(frozen=True, slots=True)
class Principals:
    """Who is named: everybody, accounts, ARNs, services; or, `negated`, everybody else.

    An account that is excepted beside principals of its own stands for its root alone: IAM asks for it, so that the
    principals get in at all.
    """

    everyone: bool = False
    accounts: frozenset[str] = frozenset()
    arns: frozenset[str] = frozenset()
    negated: bool = False

    def naming(self, subject: Subject) -> Naming:
        """How closely the subject is named."""
        found = self._naming(subject)
        if not self.negated:
            return found
        if found is Naming.ACCOUNT and any(f":{subject.account_id}:" in each for each in self.arns):
            return Naming.PRINCIPAL
        return Naming.NO if found else Naming.PRINCIPAL

    def _naming(self, subject: Subject) -> Naming:
        if subject.arn and subject.arn in self.arns:
            return Naming.SESSION if subject.role_arn else Naming.PRINCIPAL
        if self.everyone or (subject.role_arn and subject.role_arn in self.arns):
            return Naming.PRINCIPAL
        if subject.account_id and subject.account_id in self.accounts and subject.kind is not SubjectKind.FEDERATED:
            # The account itself is its root, and more than a name to it.
            return Naming.PRINCIPAL if subject.kind is SubjectKind.ROOT else Naming.ACCOUNT
        return Naming.NO


def read(kind: str, text: str) -> tuple[str, str]:
    """Read one principal: which field of Principals it belongs to, and as what. ValueError."""
    match kind:
        case "AWS":
            if text == "*":
                return "everyone", ""
            if ACCOUNT.fullmatch(text):
                return "accounts", text
            if found := ROOT.fullmatch(text):
                return "accounts", found[1]
            if PRINCIPAL.fullmatch(text) and "*" not in text:
                return "arns", text
            raise ValueError("is not an account, or the ARN of a user, a role or a session")
        case "Service":
            if not SERVICE.fullmatch(text):
                raise ValueError("is not a service such as codebuild.amazonaws.com")
            return "arns", text
        case "Federated":
            if not PROVIDER.fullmatch(text):
                raise ValueError("is not the ARN of an identity provider")
            return "arns", text
        case _:
            raise ValueError("is not a kind of principal: AWS, Service or Federated")
