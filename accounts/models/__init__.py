"""Tables of the accounts app, one file per noun."""

from accounts.models.account import Account, Membership
from accounts.models.audit_event import AuditEvent
from accounts.models.credential import AccessKey
from accounts.models.outbox import OutboxRow
from accounts.models.person import Person
from accounts.models.principal import Principal

__all__ = ["AccessKey", "Account", "AuditEvent", "Membership", "OutboxRow", "Person", "Principal"]
