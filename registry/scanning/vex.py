"""What a VEX document says is no trouble, and where: OpenVEX 0.2 and the vulnerabilities of CycloneDX 1.4 to 1.6. Pure.

A document that contradicts its format is refused as a whole, with the place. A statement about a product that can't be
told (or about more than we could tell apart) is left out, and named: nothing is left aside that nobody has spoken of.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from registry.core.storable import storable
from registry.errors import VexInvalid
from registry.scanning import products
from registry.scanning.products import Product, ProductUnknown, Subject

LARGEST: Final = 8 * 1024 * 1024
MOST: Final = 10_000
"""Of what one document may say of pairs of vulnerabilities and products."""
MOST_NOTED: Final = 10 * MOST
"""The same, with what is said of a pair again: every name of a vulnerability is said of each of its products."""
MOST_LEFT_OUT: Final = 50
LONGEST_REASON: Final = 1000
LONGEST_NAME: Final = 128
OPENVEX: Final = "https://openvex.dev/ns"
STATUSES: Final = ("not_affected", "affected", "fixed", "under_investigation")
JUSTIFICATIONS: Final = (
    "component_not_present",
    "vulnerable_code_not_present",
    "vulnerable_code_not_in_execute_path",
    "vulnerable_code_cannot_be_controlled_by_adversary",
    "inline_mitigations_already_exist",
)
STATES: Final = {
    "resolved": "fixed",
    "resolved_with_pedigree": "fixed",
    "false_positive": "false_positive",
    "not_affected": "not_affected",
    "exploitable": "",
    "in_triage": "",
}
"""State of CycloneDX -> what it comes to; empty for what is open."""
CYCLONEDX: Final = {
    "code_not_present": "vulnerable_code_not_present",
    "code_not_reachable": "vulnerable_code_not_in_execute_path",
    "requires_configuration": "vulnerable_code_cannot_be_controlled_by_adversary",
    "requires_dependency": "vulnerable_code_cannot_be_controlled_by_adversary",
    "requires_environment": "vulnerable_code_cannot_be_controlled_by_adversary",
    "protected_by_compiler": "inline_mitigations_already_exist",
    "protected_at_runtime": "inline_mitigations_already_exist",
    "protected_at_perimeter": "inline_mitigations_already_exist",
    "protected_by_mitigating_control": "inline_mitigations_already_exist",
}
VERDICTS: Final = (*JUSTIFICATIONS, "fixed", "false_positive")
"""Every justification that a document may come to."""


@dataclass(frozen=True, slots=True)
class Said:
    """A vulnerability of a product that is no trouble, and why."""

    vulnerability: str
    product: Product
    justification: str
    reason: str


@dataclass(frozen=True, slots=True)
class Document:
    """What a document comes to. `open` is how often it says that something is affected, or not known yet."""

    id: str
    format: str
    suppressed: tuple[Said, ...]
    open: int
    left_out: tuple[str, ...]


class _Reading:
    """What was read so far: what is said last of a vulnerability in a product counts."""

    def __init__(self) -> None:
        self.said: dict[tuple[str, Product], Said | None] = {}
        self.left_out: list[str] = []
        self._noted = 0

    def note(self, names: list[str], product: Product, justification: str, reason: str) -> None:
        """Note what is said of a product; no justification for what is open."""
        self._noted += len(names)
        if self._noted > MOST_NOTED:
            raise VexInvalid(
                f"The document says more than {MOST_NOTED} times something of a vulnerability of a product."
            )
        for name in names:
            known = Said(name, product, justification, reason[:LONGEST_REASON]) if justification else None
            self.said.pop((name, product), None)
            self.said[name, product] = known
        if len(self.said) > MOST:
            raise VexInvalid(f"The document speaks of more than {MOST} vulnerabilities of products.")

    def leave_out(self, place: str, why: str) -> None:
        """Note what can't be told."""
        if len(self.left_out) < MOST_LEFT_OUT:
            self.left_out.append(f"{place}: {why}")

    def document(self, name: str, form: str) -> Document:
        """All of it."""
        found = tuple(each for each in self.said.values() if each)
        return Document(name[:512], form, found, len(self.said) - len(found), tuple(self.left_out))


def read(content: bytes) -> Document:
    """Read a document of either format. VexInvalid."""
    return of_value(decoded(content))


def decoded(content: bytes, largest: int = LARGEST) -> dict[str, Any]:
    """The object of JSON that a document is. VexInvalid."""
    if len(content) > largest:
        raise VexInvalid(f"The document is larger than {largest // 2**20} MiB.")
    try:
        value = storable(json.loads(content))
    except (ValueError, RecursionError) as error:
        raise VexInvalid(f"The document is not JSON: {str(error)[:200]}.") from error
    if not isinstance(value, dict):
        raise VexInvalid("The document is not an object of JSON.")
    return value


def of_value(value: dict[str, Any], subject: Subject | None = None) -> Document:
    """What a document says, perhaps one that is attached to an image: where it names no product, that is meant.

    VexInvalid.
    """
    if str(value.get("@context", "")).startswith(OPENVEX):
        return _openvex(value, subject)
    if value.get("bomFormat") == "CycloneDX":
        return _cyclonedx(value, subject)
    raise VexInvalid("The document is neither OpenVEX (@context) nor CycloneDX (bomFormat).")


def _openvex(value: dict[str, Any], subject: Subject | None) -> Document:
    reading = _Reading()
    name = _text(value, "@id", "@id")
    order = sorted(_objects(value, "statements", ""), key=lambda each: str(each[1].get("timestamp", "")))
    for place, statement in order:
        vulnerability = statement.get("vulnerability")
        names = _names(vulnerability, f"{place}.vulnerability")
        status = _text(statement, "status", f"{place}.status")
        if status not in STATUSES:
            raise VexInvalid(f"{place}.status is {status!r}, none of {', '.join(STATUSES)}.")
        justification, reason = _why(statement, status, place)
        listed = list(_objects(statement, "products", f"{place}.", is_needed=False))
        if not listed and subject is not None:
            reading.note(names, Product(image_digest=subject.digest), justification, reason)
        elif not listed:
            reading.leave_out(place, "it names no product")
        for where, product in listed:
            for at, said in _components(product, where):
                try:
                    found = products.read(said, product if said is not product else None, subject)
                except ProductUnknown as error:
                    reading.leave_out(at, str(error))
                else:
                    reading.note(names, found, justification, reason)
    return reading.document(name, "OpenVEX")


def _why(statement: dict[str, Any], status: str, place: str) -> tuple[str, str]:
    """Justification and reason of a statement; none of what is open."""
    if status == "fixed":
        return "fixed", _plain(statement, "status_notes")
    if status != "not_affected":
        return "", ""
    justification, impact = _plain(statement, "justification"), _plain(statement, "impact_statement")
    if justification and justification not in JUSTIFICATIONS:
        raise VexInvalid(f"{place}.justification is {justification!r}, none of {', '.join(JUSTIFICATIONS)}.")
    if not justification and not impact:
        raise VexInvalid(f"{place} says not_affected without a justification or an impact_statement.")
    return justification or "false_positive", impact or _plain(statement, "status_notes")


def _components(product: dict[str, Any], place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The parts of a product that are meant, or the product itself."""
    listed = list(_objects(product, "subcomponents", f"{place}.", is_needed=False))
    yield from listed or [(place, product)]


def _names(value: Any, place: str) -> list[str]:
    """All names of a vulnerability."""
    names: list[Any] = [value]
    if isinstance(value, dict):
        aliases = value.get("aliases")
        names = [value.get("name"), *(aliases if isinstance(aliases, list) else [])]
    found = [each for each in names if isinstance(each, str) and 0 < len(each) <= LONGEST_NAME]
    if not found:
        raise VexInvalid(f"{place} has no name.")
    return list(dict.fromkeys(found))


def _cyclonedx(value: dict[str, Any], subject: Subject | None) -> Document:
    reading, known, about = _Reading(), products.of_components(value), products.about(value)
    serial = value.get("serialNumber")
    if not isinstance(serial, str) or not serial:
        raise VexInvalid("serialNumber is missing: without it a new version can't take the place of this one.")
    for place, row in _objects(value, "vulnerabilities", ""):
        names = [_text(row, "id", f"{place}.id")[:LONGEST_NAME]]
        analysis = row.get("analysis")
        if not isinstance(analysis, dict):
            reading.leave_out(place, "it has no analysis")
            continue
        state = _text(analysis, "state", f"{place}.analysis.state")
        if state not in STATES:
            raise VexInvalid(f"{place}.analysis.state is {state!r}, none of {', '.join(STATES)}.")
        justification, reason = _analysis(analysis, STATES[state], f"{place}.analysis")
        for where, affected in _objects(row, "affects", f"{place}.", is_needed=False):
            try:
                found = products.of_reference(_text(affected, "ref", f"{where}.ref"), known, about, subject)
            except ProductUnknown as error:
                reading.leave_out(where, str(error))
            else:
                reading.note(names, found, justification, reason)
        if not row.get("affects"):
            reading.leave_out(place, "it names no component")
    return reading.document(serial, "CycloneDX")


def _analysis(analysis: dict[str, Any], outcome: str, place: str) -> tuple[str, str]:
    """Justification in our words, and the reason with CycloneDX's own."""
    said, detail = _plain(analysis, "justification"), _plain(analysis, "detail")
    if said and said not in CYCLONEDX:
        raise VexInvalid(f"{place}.justification is {said!r}, none of {', '.join(CYCLONEDX)}.")
    if outcome != "not_affected":
        return outcome, detail
    reason = ": ".join(each for each in (said, detail) if each)
    return CYCLONEDX.get(said, "false_positive"), reason


def _objects(
    value: dict[str, Any], key: str, above: str, *, is_needed: bool = True
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The objects of a list, with their places. VexInvalid for something else."""
    listed = value.get(key)
    if listed is None and not is_needed:
        return
    if not isinstance(listed, list):
        raise VexInvalid(f"{above}{key} is not a list.")
    for number, each in enumerate(listed):
        if not isinstance(each, dict):
            raise VexInvalid(f"{above}{key}[{number}] is not an object.")
        yield f"{above}{key}[{number}]", each


def _text(value: dict[str, Any], key: str, place: str) -> str:
    found = value.get(key)
    if not isinstance(found, str) or not found.strip():
        raise VexInvalid(f"{place} is missing.")
    return found.strip()


def _plain(value: dict[str, Any], key: str) -> str:
    found = value.get(key)
    return found.strip() if isinstance(found, str) else ""
