"""How often somebody may do something in a while: counted in the shared cache, by fixed windows of time."""

import time
from hashlib import blake2b
from ipaddress import IPv6Address, ip_address, ip_network

from django.core.cache import cache


def take(what: str, whose: str, most: int, seconds: int) -> int:
    """Count one more; 0 if that is within the limit, else the seconds until it is possible again."""
    now = time.time()
    window = int(now // seconds)
    key = f"limit:{what}:{blake2b(whose.encode(), digest_size=16).hexdigest()}:{window}"
    cache.add(key, 0, timeout=seconds + 1)
    try:
        count = cache.incr(key)
    except ValueError:  # it ended, or was thrown out, between the two
        return 0
    return 0 if count <= most else max(1, int((window + 1) * seconds - now))


def source(address: str) -> str:
    """Whom an address stands for: itself, or of IPv6 the network that one customer has."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ip_network(f"{parsed}/64", strict=False).network_address)
    return str(parsed)
