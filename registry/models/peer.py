"""Peers: other deployments that this one trusts, and the key by which they know this one."""

from django.db import models
from django.utils import timezone


class Peer(models.Model):
    """Another deployment, that serves regions of its own.

    `account_ids` are the accounts that it may speak for here: images of no others are taken from it. `public_key` is
    its Ed25519 key, as `peer key` shows it there.
    """

    name = models.CharField(max_length=64, unique=True)
    url = models.CharField(max_length=255)
    regions = models.JSONField(default=list)
    account_ids = models.JSONField(default=list)
    public_key = models.CharField(max_length=43, unique=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.CharField(max_length=254, blank=True)

    def __str__(self) -> str:
        return self.name


class PeerToken(models.Model):
    """A signed request that moved a tag or deleted; the row is kept until nobody could send it again."""

    peer = models.ForeignKey(Peer, on_delete=models.CASCADE, related_name="+")
    token_id = models.CharField(max_length=64)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["peer", "token_id"], name="one_peer_token")]

    def __str__(self) -> str:
        return self.token_id


class PeeringKey(models.Model):
    """The key that this deployment signs with towards all peers: one row, with the id 1. `secret` is sealed."""

    secret = models.BinaryField()
    public_key = models.CharField(max_length=43)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.public_key
