"""What is connected to what, on one page, as dotted paths."""

from typing import Final

EVENT_TASKS: Final[dict[str, tuple[str, ...]]] = {
    "RepositoryCreated": ("gallery.search.index.refresh",),
    "RepositoryDeleted": ("gallery.search.index.refresh",),
    "ImagePushed": (
        "gallery.search.index.refresh",
        "registry.notifications.routing.image_pushed",
        "registry.scanning.scans.image_pushed",
        "registry.replication.routing.image_pushed",
    ),
    "ImageDeleted": (
        "gallery.search.index.refresh",
        "registry.notifications.routing.image_deleted",
        "registry.replication.deletions.image_deleted",
        "registry.scanning.vex_reading.image_deleted",
    ),
    "ImageUntagged": (
        "gallery.search.index.refresh",
        "registry.notifications.routing.image_untagged",
        "registry.replication.deletions.image_untagged",
    ),
    "ImageStorageClassChanged": (
        "registry.notifications.routing.storage_class_changed",
        "registry.replication.routing.storage_class_changed",
        "registry.scanning.eligibility.storage_class_changed",
    ),
    "ImageReplicated": ("registry.notifications.routing.image_replicated", "registry.scanning.scans.image_pushed"),
    "ReplicationDue": ("registry.replication.copying.run",),
    "ReplicaLeft": ("registry.replication.deletions.left",),
    "BackfillQueued": ("registry.replication.backfills.run",),
    "ReplicationFailed": ("registry.notifications.routing.replication_failed",),
    "RepositoryVisibilityChanged": ("gallery.search.index.refresh",),
    "CatalogDataChanged": ("gallery.search.index.refresh",),
    "AccountChanged": ("gallery.search.index.account_changed",),
    "TakenDown": ("registry.core.takedowns.purge",),
    "WorkQueued": ("registry.core.work.run",),
    "LifecyclePreviewStarted": ("registry.lifecycle.previews.run",),
    "CollectionAsked": ("registry.core.collecting.collector.asked",),
    "WorkEnded": ("registry.notifications.jobs.tell",),
    "ImagesPulled": ("gallery.search.index.refresh",),
    "AliasRequestMoved": ("gallery.aliases.routing.check", "gallery.aliases.telling.tell"),
    "WebhookDeliveryDue": ("registry.notifications.deliveries.deliver",),
    "WebhookResumed": ("registry.notifications.deliveries.release",),
    "WebhookPaused": ("registry.notifications.pausing.tell",),
    "PublisherMarked": ("registry.notifications.verification.tell",),
    "ScanningConfigured": ("registry.scanning.eligibility.configured",),
    "ScanRequested": ("registry.scanning.scans.run",),
    "ImageScanned": ("registry.notifications.scan_events.image_scanned",),
    "PackagesListed": ("registry.scanning.attaching.packages_listed",),
    "AdvisoriesChanged": ("registry.scanning.rescanning.advisories_changed",),
    "SuppressionsChanged": ("registry.scanning.suppressions.followed",),
    "VexAttached": ("registry.scanning.vex_reading.attached",),
    "VexTrustChanged": ("registry.scanning.vex_reading.trust_changed",),
    "MailWritten": ("accounts.mail.deliver",),
}
"""Domain event -> functions of one argument (the event's fields as a dict), run by a task worker after commit."""

WORK_KINDS: Final[dict[str, str]] = {
    "delete-images": "registry.core.bulk.delete_image",
    "delete-repositories": "registry.core.bulk.delete_repository",
    "set-lifecycle": "registry.lifecycle.policies.put_by_work",
    "tag-repositories": "registry.core.bulk.tag_repository",
}
"""Kind of a long job -> function of a caller, the work item and one of its targets."""

TASK_PACKAGES: Final = (
    "accounts",
    "gallery.aliases",
    "gallery.search",
    "registry.core",
    "registry.lifecycle",
    "registry.metering",
    "registry.notifications",
    "registry.replication",
    "registry.scanning",
)
"""Where Celery finds `tasks.py`; it does not look below an app by itself."""

QUEUES: Final = ("default", "maintenance", "mail", "webhooks", "scans", "replication")
"""Queues of tasks, the one of all that no other one names first. A new one is a word here and in docker-compose.yml."""

TASK_QUEUES: Final[dict[str, str]] = {
    "accounts.gather_statistics": "maintenance",
    "accounts.forget_ended_sessions": "maintenance",
    "gallery.count_listings": "maintenance",
    "gallery.recount_recent_pulls": "maintenance",
    "registry.run_lifecycle": "maintenance",
    "registry.collect_garbage": "maintenance",
    "registry.verify_storage": "maintenance",
    "registry.core.collecting.collector.asked": "maintenance",
    "registry.prune_webhook_deliveries": "maintenance",
    "accounts.mail.deliver": "mail",
    "registry.notifications.deliveries.deliver": "webhooks",
    "registry.scanning.scans.run": "scans",
    "registry.scanning.eligibility.configured": "scans",
    "registry.scanning.rescanning.advisories_changed": "scans",
    "registry.scanning.attaching.packages_listed": "scans",
    "registry.scanning.suppressions.followed": "scans",
    "registry.scanning.vex_reading.attached": "scans",
    "registry.scanning.vex_reading.image_deleted": "scans",
    "registry.scanning.vex_reading.trust_changed": "scans",
    "registry.look_after_scans": "scans",
    "registry.end_suppressions": "scans",
    "registry.sync_advisories": "scans",
    "registry.attach_sboms": "scans",
    "registry.replication.routing.image_pushed": "replication",
    "registry.replication.routing.storage_class_changed": "replication",
    "registry.replication.copying.run": "replication",
    "registry.replication.backfills.run": "replication",
    "registry.prune_replication_backfills": "maintenance",
    "registry.replication.deletions.image_deleted": "replication",
    "registry.replication.deletions.image_untagged": "replication",
    "registry.replication.deletions.left": "replication",
}
"""Task of Celery, or function that an event starts -> queue: slow work must not hold what somebody waits for."""

BEAT_SCHEDULE: Final[dict[str, dict[str, object]]] = {
    **{
        f"sweep the outbox: {queue}": {
            "task": "accounts.sweep_outbox",
            "args": (queue,),
            "schedule": 10.0,
            # A worker that was away needs one sweep, not all that it has missed.
            "options": {"queue": queue, "expires": 10.0},
        }
        for queue in QUEUES
    },
    "gather statistics": {"task": "accounts.gather_statistics", "schedule": 600.0},
    "forget ended sessions": {"task": "accounts.forget_ended_sessions", "schedule": 3600.0},
    "count listings": {"task": "gallery.count_listings", "schedule": 60.0},
    "recount recent pulls": {"task": "gallery.recount_recent_pulls", "schedule": 6 * 3600.0},
    "apply lifecycle policies": {"task": "registry.run_lifecycle", "schedule": 600.0},
    "collect garbage": {"task": "registry.collect_garbage", "schedule": 3600.0},
    "verify the storage": {"task": "registry.verify_storage", "schedule": 300.0},
    "prune webhook deliveries": {"task": "registry.prune_webhook_deliveries", "schedule": 3600.0},
    "tell of findings": {"task": "registry.tell_of_findings", "schedule": 300.0},
    "look after scans": {"task": "registry.look_after_scans", "schedule": 3600.0},
    "end suppressions": {"task": "registry.end_suppressions", "schedule": 60.0},
    # Which sources are due is told by their last imports: one that failed waits for minutes, the others for a day.
    "sync advisories": {"task": "registry.sync_advisories", "schedule": 300.0, "options": {"expires": 300.0}},
    "attach SBOMs": {"task": "registry.attach_sboms", "schedule": 3600.0, "options": {"expires": 3600.0}},
    "prune replication backfills": {"task": "registry.prune_replication_backfills", "schedule": 3600.0},
    "look after alias requests": {"task": "gallery.look_after_alias_requests", "schedule": 600.0},
}
"""What runs again and again, in seconds."""

ONE_NODE_SCHEDULE: Final[dict[str, dict[str, object]]] = {
    "drain the spool": {"task": "registry.drain_spool", "schedule": 5.0},
}
"""What runs so where all processes share one machine; where there are several, each has a process for it."""

STORAGE_DRIVERS: Final = {
    "filesystem": "registry.storage.filesystem.FilesystemDriver",
    "s3": "registry.storage.object_store.ObjectStoreDriver",
}
"""Value of KHO_STORAGE -> class."""

DELIVERIES: Final = {"filesystem": ("file", "accel"), "s3": ("redirect", "file")}
"""Value of KHO_STORAGE -> values of KHO_DELIVERY that go with it, the default first."""

SCAN_ENGINES: Final = {"syft": "registry.scanning.syft.Syft", "trivy": "registry.scanning.trivy.Trivy"}
"""Value of KHO_SCAN_ENGINE -> class."""

AWS_OPERATIONS: Final = ("registry.aws.ecr", "registry.aws.sts", "registry.aws.iam", "gallery.ecr_public")
"""Modules that serve operations of the AWS APIs."""

SEALED_FIELDS: Final = (
    ("registry.Webhook", "secret", "webhook"),
    ("registry.Webhook", "former_secret", "webhook"),
    ("registry.PeeringKey", "secret", "peering"),
)
"""Model, field and purpose of secrets that apps above accounts seal: a change of the master key reaches them, too."""

NOTICE_KINDS: Final = (
    "registry.notifications.jobs.KINDS",
    "gallery.aliases.telling.KINDS",
    "registry.notifications.verification.KINDS",
    "registry.notifications.pausing.KINDS",
    "registry.notifications.finding_notices.KINDS",
)
"""What people may be told: collections of kinds of notices, in the order in which people choose how."""
