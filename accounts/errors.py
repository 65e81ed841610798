"""What can go wrong in the accounts app. Errors carry facts; each HTTP API has a table for its own words.

AccountsError
├── NotAuthenticated                who is calling is not known
│   ├── CredentialsMissing          nothing was sent
│   ├── CredentialsInvalid          sent, but wrong, unknown or disabled
│   └── CredentialsExpired          authentic, but too old
├── AccessDenied                    known, but not allowed
├── InvalidInput                    a value has the wrong form
├── PasswordRefused                 a new password is too weak
├── WrongPassword                   the present password is another one
├── MalformedPolicy                 a text is no policy of its kind; the problems have places
├── AlreadyExists                   the name is taken
├── NotFound                        no such account, person, principal or key
├── DeleteConflict                  it is still in use
└── LimitReached                    a quota of the account is used up
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from accounts.iam.document import Problem
    from accounts.iam.request import Decision


class AccountsError(Exception):
    """The root of the tree."""


class NotAuthenticated(AccountsError):
    """Who is calling is not known."""


class CredentialsMissing(NotAuthenticated):
    """No credentials were sent."""


class CredentialsInvalid(NotAuthenticated):
    """Credentials were sent that are wrong, unknown or disabled; which of these is never told."""


class CredentialsExpired(NotAuthenticated):
    """The credentials are authentic, but their time is over."""


class AccessDenied(AccountsError):
    """A known caller may not do this. `reason` is for logs and the simulator, never for strangers.

    `because` is what the caller is told, a part of a sentence; mostly empty.
    """

    def __init__(
        self,
        principal_arn: str,
        action: str,
        resource: str,
        reason: str,
        decision: "Decision | None" = None,
        *,
        because: str = "",
    ) -> None:
        super().__init__(f"{principal_arn} may not {action} on {resource}: {reason}")
        self.principal_arn = principal_arn
        self.action = action
        self.resource = resource
        self.reason = reason
        self.decision = decision
        self.because = because


class InvalidInput(AccountsError):
    """A value has the wrong form; `field` names it and the message says what it takes."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}")
        self.field = field
        self.why = why


class PasswordRefused(AccountsError):
    """A new password is one of those that are not taken; `reasons` are sentences in the language that is active."""

    def __init__(self, reasons: "Sequence[str]") -> None:
        super().__init__(" ".join(reasons))
        self.reasons = tuple(reasons)


class WrongPassword(AccountsError):
    """Who wants to change a password does not know the present one."""


class MalformedPolicy(AccountsError):
    """The text is no policy of its kind; `problems` say where and why."""

    def __init__(self, problems: "Sequence[Problem]") -> None:
        super().__init__("; ".join(f"{problem.path or 'the policy'} {problem.message}" for problem in problems))
        self.problems = tuple(problems)


class AlreadyExists(AccountsError):
    """The name or id is taken."""


class NotFound(AccountsError):
    """No such account, person, principal or key."""


class LimitReached(AccountsError):
    """A quota of the account is used up."""


class DeleteConflict(AccountsError):
    """What should be deleted is still in use; the message says by what."""
