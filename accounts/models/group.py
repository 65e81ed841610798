"""Groups of users: what is attached to a group counts for each of its users."""

from django.db import models
from django.utils import timezone

from accounts.iam.arn import Arn
from accounts.models.account import Account
from accounts.models.principal import Principal


class Group(models.Model):
    """A named set of users of one account. A group is no principal: no policy can name it."""

    unique_id = models.CharField(max_length=32, unique=True, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="groups")
    name = models.CharField(max_length=128)
    path = models.CharField(max_length=512, default="/")
    users = models.ManyToManyField(Principal, related_name="groups", through="accounts.GroupMember")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "name"], name="group_name_once")]

    def __str__(self) -> str:
        return self.arn

    @property
    def arn(self) -> str:
        """The group's ARN."""
        return str(Arn("iam", "", self.account_id, f"group{self.path}{self.name}"))


class GroupMember(models.Model):
    """A user in a group."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(Principal, on_delete=models.CASCADE, related_name="group_memberships")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["group", "user"], name="group_member_once")]

    def __str__(self) -> str:
        return f"{self.user} in {self.group}"
