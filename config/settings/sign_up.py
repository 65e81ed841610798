"""Reads who may sign up, and how many accounts somebody may make by themselves."""

from config import env


def read(default: str) -> tuple[str, int]:
    """KHO_SIGN_UP (open, invited or closed) and KHO_ACCOUNTS_PER_PERSON, which is 0 where strangers don't come in."""
    who = env.matching("KHO_SIGN_UP", default, "open|invited|closed", "one of open, invited, closed")
    return who, env.integer("KHO_ACCOUNTS_PER_PERSON", 5 if who == "open" else 0)
