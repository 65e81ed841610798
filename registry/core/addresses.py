"""Host and path of a request -> address -> URI and ARN. The only place that knows how they are written."""

import re
from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings

from accounts.iam.arn import Arn
from registry.core import aliases
from registry.errors import InvalidRepositoryName, RepositoryNotFound
from registry.values import ACCOUNT_ID, PUBLIC, Address, RegistryId, RepositoryName

ECR_HOST = re.compile(r"(?P<account>[0-9]{12})\.dkr\.ecr\.(?P<region>[a-z]{2,}(?:-[a-z0-9]+)+)\.")
AWS_HOST = re.compile(
    r"(?P<account>[0-9]{12})\.dkr[.-]ecr(?:-fips)?\.(?P<region>[a-z]{2,}(?:-[a-z0-9]+)+)\.(?:amazonaws\.com|on\.aws)"
)
AWS_PUBLIC_HOST = "public.ecr.aws"
ACCOUNT_IN_REGION = re.compile(r"([0-9]{12})\.([a-z]{2,}(?:-[a-z0-9]+)+)")
LONGEST_PUBLIC_NAME = 205


class HostKind(StrEnum):
    """What a host name says of the repositories below it."""

    ONE = "one"
    PRIVATE = "private"
    PUBLIC = "public"


@dataclass(frozen=True, slots=True)
class Host:
    """A host name as the client wrote it (with its port), and what it stands for."""

    kind: HostKind
    name: str
    account_id: str = ""
    region: str = ""


def host_of(name: str) -> Host:
    """Tell what the Host header stands for; anything outside KHO_DOMAIN's ECR shapes is the one host.

    With KHO_AWS_HOST_NAMES AWS's own names are known, too.
    """
    if settings.AWS_HOST_NAMES and (found := _aws_host_of(name)):
        return found
    domain = settings.DOMAIN
    bare = name.partition(":")[0] if ":" not in domain else name
    if domain and bare == f"public.{domain}":
        return Host(HostKind.PUBLIC, name)
    shape = ECR_HOST.match(bare)
    if domain and shape and bare == shape.group() + domain:
        return Host(HostKind.PRIVATE, name, shape["account"], shape["region"])
    return Host(HostKind.ONE, name, region=settings.HOME_REGION)


def _aws_host_of(name: str) -> Host | None:
    """One of AWS's own host names of a private registry, or of the public one; None if it is neither."""
    bare = name.partition(":")[0].lower()
    if bare == AWS_PUBLIC_HOST:
        return Host(HostKind.PUBLIC, name)
    shape = AWS_HOST.fullmatch(bare)
    return Host(HostKind.PRIVATE, name, shape["account"], shape["region"]) if shape else None


def resolve(host: Host, path: str) -> Address:
    """Read the repository part of a path; one query if it is a public one.

    Raises InvalidRepositoryName, or RepositoryNotFound for an alias that nobody has.
    """
    if host.kind is HostKind.PRIVATE:
        return Address(RegistryId(host.account_id, host.region), RepositoryName.parse(path))
    first, _, rest = path.partition("/")
    if host.kind is HostKind.ONE and (registry := private_registry(first)):
        return Address(registry, RepositoryName.parse(rest))
    RepositoryName.parse(path)
    account_id = aliases.find_recent(first) if rest else None
    if account_id is None:
        raise RepositoryNotFound(path, first)
    return public(account_id, rest)


def private_registry(segment: str) -> RegistryId | None:
    """Read `<12 digits>` (home region) or `<12 digits>.<region>`; None if it is neither."""
    if ACCOUNT_ID.fullmatch(segment):
        return RegistryId(segment, settings.HOME_REGION)
    if with_region := ACCOUNT_IN_REGION.fullmatch(segment):
        return RegistryId(with_region[1], with_region[2])
    return None


def private(account_id: str, name: str, region: str = "") -> Address:
    """The address of a private repository, in the home region unless another is named."""
    return Address(RegistryId(account_id, region or settings.HOME_REGION), RepositoryName.parse(name))


def public(account_id: str, name: str) -> Address:
    """The address of a public repository; InvalidRepositoryName if the name is longer than 205 characters."""
    if len(name) > LONGEST_PUBLIC_NAME:
        raise InvalidRepositoryName(name, f"is longer than {LONGEST_PUBLIC_NAME} characters")
    return Address(RegistryId(account_id, PUBLIC), RepositoryName.parse(name))


def arn(address: Address) -> Arn:
    """The repository's ARN; that of a public one has no region."""
    resource = f"repository/{address.name}"
    if address.is_public:
        return Arn("ecr-public", "", address.registry.account_id, resource)
    return Arn("ecr", address.registry.region, address.registry.account_id, resource)


def registry_arn(registry: RegistryId) -> Arn:
    """The ARN that stands for every repository of a registry."""
    if registry.is_public:
        return Arn("ecr-public", "", registry.account_id, "repository/*")
    return Arn("ecr", registry.region, registry.account_id, "repository/*")


def prefix(registry: RegistryId) -> str:
    """The first path segment of the registry on the one host: `<12 digits>[.<region>]` or the primary alias."""
    if registry.is_public:
        return aliases.primary(registry.account_id)
    if registry.region == settings.HOME_REGION:
        return registry.account_id
    return f"{registry.account_id}.{registry.region}"


def listed(host: Host, account_id: str) -> list[tuple[str, RegistryId]]:
    """The registries that a host lists for somebody of an account, each with what its paths begin with, in byte order.

    An ECR-shaped host is one registry, whoever asks. The account's public registry is among them once it has an alias.
    """
    if host.kind is HostKind.PRIVATE:
        return [("", RegistryId(host.account_id, host.region))]
    regions = (PUBLIC,) if host.kind is HostKind.PUBLIC else (*settings.REGIONS, PUBLIC)
    registries = [RegistryId(account_id, region) for region in regions]
    return sorted((f"{start}/", registry) for registry in registries if (start := prefix(registry)))


def path(address: Address) -> str:
    """The repository's path on the one host."""
    return f"{prefix(address.registry)}/{address.name}"


def uri(address: Address, host: str) -> str:
    """What a client types after `docker pull`, without tag: host (with port) and path."""
    if settings.AWS_HOST_NAMES:
        rest = path(address) if address.is_public else str(address.name)
        return f"{registry_host(address.registry, host)}/{rest}"
    return f"{host}/{path(address)}"


def registry_host(registry: RegistryId, host: str) -> str:
    """The host that clients log in to for a registry: AWS's name for it with KHO_AWS_HOST_NAMES, else the one host."""
    if registry.is_public:
        return public_host(host)
    return f"{registry.account_id}.dkr.ecr.{registry.region}.amazonaws.com" if settings.AWS_HOST_NAMES else host


def public_host(host: str) -> str:
    """The same for public registries."""
    return AWS_PUBLIC_HOST if settings.AWS_HOST_NAMES else host


def client_host(request_host: str) -> str:
    """The host for commands: that of KHO_URL if it is set, else the one that the request came to."""
    return settings.PUBLIC_URL.partition("://")[2] or request_host
