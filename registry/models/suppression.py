"""Findings that an account has decided to leave aside, and why."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from registry.models.attached_vex import AttachedVex


class Suppression(models.Model):
    """A vulnerability that is no trouble in what it is limited to; a field that is empty limits nothing.

    `vulnerability` is the name of a finding or of the advisory's record, `package` a package's name or that of one
    that was built from it, `package_type` as Syft calls it, `repository` a name in which `*` stands for any text,
    `image_digest` one image. From `until` on it is over; `is_in_force` says whether the findings have followed.
    `document` is the id of the VEX document that it came from, empty if a person has written it. `attached` is that
    document, if somebody has attached it to an image: then it speaks of that image alone, and only if the account's
    registry trusts such documents.
    """

    class Justification(models.TextChoices):
        """As OpenVEX names them, and three that people need beside."""

        COMPONENT_NOT_PRESENT = "component_not_present", _("The package is not there")
        CODE_NOT_PRESENT = "vulnerable_code_not_present", _("The vulnerable code is not there")
        CODE_NOT_EXECUTED = "vulnerable_code_not_in_execute_path", _("The vulnerable code is never run")
        CODE_NOT_CONTROLLED = (
            "vulnerable_code_cannot_be_controlled_by_adversary",
            _("No attacker can reach the vulnerable code"),
        )
        MITIGATED = "inline_mitigations_already_exist", _("Something else prevents the attack")
        FIXED = "fixed", _("It is fixed here")
        FALSE_POSITIVE = "false_positive", _("The finding is wrong")
        ACCEPTED = "risk_accepted", _("The risk is accepted")

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="suppressions")
    region = models.CharField(max_length=32)
    vulnerability = models.CharField(max_length=128)
    package = models.CharField(max_length=512, blank=True)
    package_type = models.CharField(max_length=64, blank=True)
    version = models.CharField(max_length=512, blank=True)
    repository = models.CharField(max_length=256, blank=True)
    image_digest = models.CharField(max_length=135, blank=True)
    justification = models.CharField(max_length=64, choices=Justification)
    reason = models.CharField(max_length=1000, blank=True)
    until = models.DateTimeField(null=True, blank=True)
    is_in_force = models.BooleanField(default=True)
    document = models.CharField(max_length=512, blank=True)
    attached = models.ForeignKey(
        AttachedVex, on_delete=models.CASCADE, null=True, blank=True, related_name="statements"
    )
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.CharField(max_length=512, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["account", "region", "vulnerability"],
                condition=models.Q(attached=None),
                name="suppression_own_by_name",
            ),
            models.Index(fields=["until"], condition=models.Q(is_in_force=True), name="suppression_to_end"),
        ]

    def __str__(self) -> str:
        return f"{self.vulnerability} in {self.account_id}/{self.region}"
