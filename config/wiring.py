"""What is connected to what, on one page, as dotted paths."""

from typing import Final

EVENT_TASKS: Final[dict[str, tuple[str, ...]]] = {
    "RepositoryCreated": ("gallery.search.index.refresh",),
    "RepositoryDeleted": ("gallery.search.index.refresh",),
    "ImagePushed": ("gallery.search.index.refresh",),
    "ImageDeleted": ("gallery.search.index.refresh",),
    "ImageUntagged": ("gallery.search.index.refresh",),
    "CatalogDataChanged": ("gallery.search.index.refresh",),
    "AccountChanged": ("gallery.search.index.account_changed",),
    "TakenDown": ("registry.core.takedowns.purge",),
    "WorkQueued": ("registry.core.work.run",),
    "ImagesPulled": ("gallery.search.index.refresh",),
    "AliasRequestMoved": ("gallery.aliases.routing.check", "gallery.aliases.telling.tell"),
    "NoticeMailDue": ("registry.notifications.mail.send",),
    "MailWritten": ("accounts.mail.deliver",),
}
"""Domain event -> functions of one argument (the event's fields as a dict), run by a task worker after commit."""

WORK_KINDS: Final[dict[str, str]] = {
    "delete-images": "registry.core.bulk.delete_image",
    "delete-repositories": "registry.core.bulk.delete_repository",
    "tag-repositories": "registry.core.bulk.tag_repository",
}
"""Kind of a long job -> function of a caller, the work item and one of its targets."""

TASK_PACKAGES: Final = ("accounts", "gallery.aliases", "gallery.search", "registry.core", "registry.metering")
"""Where Celery finds `tasks.py`; it does not look below an app by itself."""

BEAT_SCHEDULE: Final[dict[str, dict[str, object]]] = {
    "sweep the outbox": {"task": "accounts.sweep_outbox", "schedule": 10.0},
    "forget ended sessions": {"task": "accounts.forget_ended_sessions", "schedule": 3600.0},
    "count listings": {"task": "gallery.count_listings", "schedule": 60.0},
    "recount recent pulls": {"task": "gallery.recount_recent_pulls", "schedule": 6 * 3600.0},
    "remove stale uploads": {"task": "registry.remove_stale_uploads", "schedule": 3600.0},
    "look after alias requests": {"task": "gallery.look_after_alias_requests", "schedule": 600.0},
}
"""What runs again and again, in seconds."""

ONE_NODE_SCHEDULE: Final[dict[str, dict[str, object]]] = {
    "drain the spool": {"task": "registry.drain_spool", "schedule": 5.0},
}
"""What runs so where all processes share one machine; where there are several, each has a process for it."""

QUEUES: Final = ("default", "maintenance")
"""Queues of tasks, the one of all that no other one names first."""

TASK_QUEUES: Final[dict[str, str]] = {
    "accounts.forget_ended_sessions": "maintenance",
    "gallery.count_listings": "maintenance",
    "gallery.recount_recent_pulls": "maintenance",
    "registry.remove_stale_uploads": "maintenance",
}
"""Task -> queue: work that takes its time must not hold what somebody waits for."""

STORAGE_DRIVERS: Final = {
    "filesystem": "registry.storage.filesystem.FilesystemDriver",
    "s3": "registry.storage.object_store.ObjectStoreDriver",
}
"""Value of KHO_STORAGE -> class."""

DELIVERIES: Final = {"filesystem": ("file", "accel"), "s3": ("redirect", "file")}
"""Value of KHO_STORAGE -> values of KHO_DELIVERY that go with it, the default first."""

AWS_OPERATIONS: Final = ("registry.aws.ecr", "registry.aws.sts", "registry.aws.iam", "gallery.ecr_public")
"""Modules that serve operations of the AWS APIs."""

NOTICE_KINDS: Final = ("gallery.aliases.telling.KINDS",)
"""What people may be told: collections of kinds of notices, in the order in which people choose how."""
