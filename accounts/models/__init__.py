"""Tables of the accounts app, one file per noun."""

from accounts.models.account import Account, Membership
from accounts.models.audit_event import AuditEvent
from accounts.models.credential import AccessKey
from accounts.models.group import Group, GroupMember
from accounts.models.invitation import Invitation
from accounts.models.outbox import OutboxRow
from accounts.models.person import Person
from accounts.models.policy import InlinePolicy, ManagedPolicy, PolicyAttachment, PolicyVersion
from accounts.models.principal import Principal
from accounts.models.session import OpenIDConnectProvider, Session

__all__ = [
    "AccessKey",
    "Account",
    "AuditEvent",
    "Group",
    "GroupMember",
    "InlinePolicy",
    "Invitation",
    "ManagedPolicy",
    "Membership",
    "OpenIDConnectProvider",
    "OutboxRow",
    "Person",
    "PolicyAttachment",
    "PolicyVersion",
    "Principal",
    "Session",
]
