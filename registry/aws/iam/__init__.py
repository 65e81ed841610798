"""The part of iam that prepares principals. AWS Identity and Access Management API Reference."""

from registry.aws.iam import absent, devices, groups, keys, login_profiles, policies, providers, roles, tagging, users

__all__ = [
    "absent",
    "devices",
    "groups",
    "keys",
    "login_profiles",
    "policies",
    "providers",
    "roles",
    "tagging",
    "users",
]
