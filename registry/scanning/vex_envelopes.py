"""How a VEX document is attached to an image: plain, in an in-toto statement, a DSSE envelope or a Sigstore bundle.

Pure. In-toto attestation framework 0.1 and 1 ("Statement"), DSSE 1.0 ("Envelope"), Sigstore bundle 0.3. Signatures are
not looked at: whose word counts is who may push, and what the registry's settings say of it.
"""

import base64
import re
from collections.abc import Mapping
from typing import Any, Final

from registry.errors import VexInvalid
from registry.manifests import describe, media_types
from registry.scanning import vex

LARGEST: Final = 2 * 1024 * 1024
"""Bytes of an artifact that holds a document."""
PLAIN: Final = ("application/vnd.openvex", "application/openvex", "application/vex")
"""How artifact types begin that mean VEX and nothing else; nobody has registered one, and tools differ."""
PERHAPS: Final = ("application/vnd.cyclonedx", *media_types.ATTESTATIONS, media_types.SIGSTORE_BUNDLE)
"""How those begin that may hold VEX."""
TYPES: Final = (*PLAIN, *PERHAPS)
PREDICATES: Final = ("in-toto.io/predicate-type", describe.PREDICATE)
"""Annotations of a manifest or a layer that say what is attested."""
OPENVEX: Final = re.compile(r"https://openvex\.dev/ns(?:[/@].*)?", re.DOTALL)
IN_TOTO: Final = "application/vnd.in-toto"


class NotVex(Exception):
    """It is something else: another attestation, a signature, a list of packages."""


def may_be(artifact_type: str) -> bool:
    """Whether an artifact of this type is looked at."""
    return artifact_type.lower().startswith(TYPES)


def says_so(artifact_type: str, annotations: Mapping[str, str]) -> bool:
    """Whether an artifact, or a layer of one, says that it is VEX. NotVex if it says that it is something else."""
    for name in PREDICATES:
        if name in annotations:
            return _require_openvex(annotations[name])
    return artifact_type.lower().startswith(PLAIN)


def _require_openvex(predicate: object) -> bool:
    if not isinstance(predicate, str) or not OPENVEX.fullmatch(predicate):
        raise NotVex
    return True


def opened(content: bytes, digest: str, *, is_vex: bool) -> dict[str, Any]:
    """The document without what is around it; `digest` is that of the image that it is attached to.

    Raises VexInvalid; NotVex, also for what can't be read and does not have to be VEX.
    """
    try:
        value = vex.decoded(content, LARGEST)
    except VexInvalid as error:
        if is_vex:
            raise
        raise NotVex from error
    inner = value.get("dsseEnvelope")
    value = inner if isinstance(inner, dict) else value
    if "payloadType" in value:
        value = _payload(value)
    if "predicateType" in value:
        value = _predicate(value, digest)
    if not is_vex and not _is_document(value):
        raise NotVex
    return value


def _payload(envelope: dict[str, Any]) -> dict[str, Any]:
    """What an envelope holds."""
    kind, payload = envelope["payloadType"], envelope.get("payload")
    if not isinstance(kind, str) or not kind.lower().startswith((IN_TOTO, *PLAIN)):
        raise NotVex
    if not isinstance(payload, str):
        raise VexInvalid("The envelope has no payload.")
    try:
        return vex.decoded(base64.b64decode(payload, validate=True), LARGEST)
    except ValueError as error:
        raise VexInvalid("The payload of the envelope is not base64.") from error


def _predicate(statement: dict[str, Any], digest: str) -> dict[str, Any]:
    """What is attested, if it is of the image."""
    _require_openvex(statement["predicateType"])
    algorithm, _, digits = digest.partition(":")
    subjects, predicate = statement.get("subject"), statement.get("predicate")
    named = [each.get("digest") for each in subjects if isinstance(each, dict)] if isinstance(subjects, list) else []
    if not any(isinstance(each, dict) and each.get(algorithm) == digits for each in named):
        raise VexInvalid("The attestation is about another image.")
    if not isinstance(predicate, dict):
        raise VexInvalid("The attestation has no predicate.")
    return predicate


def _is_document(value: dict[str, Any]) -> bool:
    """Whether it says anything of vulnerabilities: lists of packages have the type of CycloneDX, too."""
    if value.get("bomFormat") == "CycloneDX":
        return bool(value.get("vulnerabilities"))
    return str(value.get("@context", "")).startswith(vex.OPENVEX)
