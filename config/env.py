"""Typed readers of environment variables. A missing or bad value stops the start with one clear line."""

import os
import re
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


class BadSetting(SystemExit):
    """A setting can't be used; the message names the variable and says what it takes."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"kho: the setting {name} {why}.")


def text(name: str, default: str | None = None) -> str:
    """Read NAME, or the content of the file that NAME_FILE names; empty counts as missing."""
    value = os.environ.get(name, "")
    path = os.environ.get(f"{name}_FILE", "")
    if value and path:
        raise BadSetting(name, f"is given twice, as {name} and as {name}_FILE")
    if path:
        try:
            value = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise BadSetting(f"{name}_FILE", f"names {path}, which can't be read ({error})") from error
    if value:
        return value
    if default is None:
        raise BadSetting(name, "is required")
    return default


def parsed(name: str, default: str | None, parse: Callable[[str], T], what: str) -> T:
    """Read NAME through `parse`; a ValueError becomes a BadSetting that says `what` it takes."""
    raw = text(name, default)
    try:
        return parse(raw)
    except ValueError as error:
        raise BadSetting(name, f"is {raw!r}, but takes {what}") from error


def integer(name: str, default: int, *, least: int = 0, most: int | None = None) -> int:
    """Read a whole number within bounds."""

    def parse(raw: str) -> int:
        number = int(raw)
        if number < least or (most is not None and number > most):
            raise ValueError
        return number

    bounds = f"a whole number of at least {least}" if most is None else f"a whole number from {least} to {most}"
    return parsed(name, str(default), parse, bounds)


def boolean(name: str, default: bool) -> bool:
    """Read 1/true/yes/on or 0/false/no/off."""
    words = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}

    def parse(raw: str) -> bool:
        try:
            return words[raw.strip().lower()]
        except KeyError as error:
            raise ValueError from error

    return parsed(name, "1" if default else "0", parse, "1 or 0")


def words(
    name: str, default: str = "", *, pattern: str = r"\S+", what: str = "a comma-separated list"
) -> tuple[str, ...]:
    """Read a comma-separated list, each item matching `pattern`, none twice."""

    def parse(raw: str) -> tuple[str, ...]:
        items = tuple(item.strip() for item in raw.split(",") if item.strip())
        if len(set(items)) != len(items) or not all(re.fullmatch(pattern, item) for item in items):
            raise ValueError
        return items

    return parsed(name, default, parse, what)


def rate(name: str) -> tuple[int, int] | None:
    """Read how often in how long, such as 100/6h, as a count and seconds; None without one."""

    def parse(raw: str) -> tuple[int, int] | None:
        if not raw:
            return None
        found = re.fullmatch(r"([1-9][0-9]{0,8})/([1-9][0-9]{0,4})?([smhd])", raw)
        if not found:
            raise ValueError
        return int(found[1]), int(found[2] or 1) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[found[3]]

    return parsed(name, "", parse, "a count and a time such as 100/6h")


def networks(name: str) -> tuple[str, ...]:
    """Read a comma-separated list of IP addresses or networks; an address is a network of one."""

    def parse(raw: str) -> tuple[str, ...]:
        items = (item.strip() for item in raw.split(","))
        return tuple(str(ip_network(item, strict=False)) for item in items if item)

    return parsed(name, "", parse, "addresses or networks such as 10.0.0.0/8, separated by commas")


def matching(name: str, default: str | None, pattern: str, what: str) -> str:
    """Read a text that matches `pattern`; the empty default stays empty, and without one (None) it is required."""

    def parse(raw: str) -> str:
        if raw and not re.fullmatch(pattern, raw):
            raise ValueError
        return raw

    return parsed(name, default, parse, what)


def named_networks(name: str) -> tuple[tuple[str, IPv4Network | IPv6Network], ...]:
    """Read names with networks, such as vpce-office=10.1.0.0/16, separated by commas; the first that fits counts."""

    def parse(raw: str) -> tuple[tuple[str, IPv4Network | IPv6Network], ...]:
        items = (item.strip().partition("=") for item in raw.split(",") if item.strip())
        return tuple((label, ip_network(network, strict=False)) for label, _, network in items if _named(label))

    def _named(label: str) -> bool:
        if not re.fullmatch(r"[A-Za-z0-9-]{1,64}", label):
            raise ValueError
        return True

    return parsed(name, "", parse, "names with networks such as vpce-office=10.1.0.0/16, separated by commas")
