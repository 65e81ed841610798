"""VEX documents: what they come to, what is left out, and what is refused in words."""

import json
from typing import Any

import pytest

from registry.errors import VexInvalid
from registry.scanning import vex
from registry.scanning.products import Product, Subject
from registry.scanning.vex import Said

DIGEST = "sha256:" + "a" * 64
OPENVEX = "https://openvex.dev/ns/v0.2.0"


def openvex(*statements: Any, **more: Any) -> bytes:
    """A document of OpenVEX."""
    known = {"@context": OPENVEX, "@id": "https://example.com/vex/1", "author": "Team", "version": 1}
    return json.dumps(known | {"statements": statements} | more).encode()


def statement(status: str = "not_affected", product: Any = "pkg:deb/debian/openssl@1.1", **more: Any) -> dict[str, Any]:
    """A statement about one product."""
    products = [product if isinstance(product, dict) else {"@id": product}]
    return {"vulnerability": {"name": "CVE-2024-1"}, "products": products, "status": status} | more


def cyclonedx(*vulnerabilities: Any, **more: Any) -> bytes:
    """A document of CycloneDX."""
    known = {"bomFormat": "CycloneDX", "specVersion": "1.5", "serialNumber": "urn:uuid:1"}
    return json.dumps(known | {"vulnerabilities": vulnerabilities} | more).encode()


def analysed(state: str, ref: str, **more: str) -> dict[str, Any]:
    """A vulnerability with an analysis."""
    return {"id": "CVE-2024-1", "analysis": {"state": state} | more, "affects": [{"ref": ref}]}


WHY = {"justification": "vulnerable_code_not_present"}


def test_it_works() -> None:
    inside = {"@id": f"pkg:oci/app@{DIGEST}", "subcomponents": [{"@id": "pkg:apk/alpine/musl@1.2"}]}
    read = vex.read(
        openvex(
            statement(**WHY, status_notes="compiled out"),
            statement("fixed", "pkg:pypi/Some.Name@2"),
            statement("not_affected", inside, impact_statement="never called"),
            statement("affected", "pkg:npm/%40a/b@1"),
            statement("under_investigation", "pkg:golang/github.com/a/b@v1"),
        )
    )
    assert (read.id, read.format, read.open, read.left_out) == ("https://example.com/vex/1", "OpenVEX", 2, ())
    assert read.suppressed == (
        Said("CVE-2024-1", Product("openssl", "deb", "1.1"), "vulnerable_code_not_present", "compiled out"),
        Said("CVE-2024-1", Product("some-name", "python", "2"), "fixed", ""),
        Said("CVE-2024-1", Product("musl", "apk", "1.2", DIGEST), "false_positive", "never called"),
    )


def test_what_is_said_last_counts() -> None:
    later = {"timestamp": "2026-02-01T00:00:00Z"}
    read = vex.read(openvex(statement("affected", **later), statement(**WHY, timestamp="2026-01-01T00:00:00Z")))
    assert (read.suppressed, read.open) == ((), 1)
    read = vex.read(openvex(statement("affected"), statement(**WHY)))
    assert len(read.suppressed) == 1 and read.open == 0


def test_all_names_of_a_vulnerability_count() -> None:
    names = {"vulnerability": {"name": "GHSA-1", "aliases": ["CVE-2024-2", 3]}}
    read = vex.read(openvex(statement(**WHY) | names))
    assert [each.vulnerability for each in read.suppressed] == ["GHSA-1", "CVE-2024-2"]


@pytest.mark.parametrize("sign", ["\0", "\ud800"])
def test_texts_can_be_kept_in_any_database(sign: str) -> None:
    said = statement(**WHY, product=f"pkg:gem/a{sign}", status_notes=f"so{sign}") | {"vulnerability": f"CVE{sign}"}
    read = vex.read(openvex(said, **{"@id": f"id{sign}"}))
    assert (read.id, read.suppressed[0].reason, read.suppressed[0].vulnerability) == (
        "id\ufffd",
        "so\ufffd",
        "CVE\ufffd",
    )
    assert read.suppressed[0].product == Product("a\ufffd", "gem")
    assert vex.read(cyclonedx(analysed("resolved", "pkg:gem/a"), serialNumber=f"id{sign}")).id == "id\ufffd"


@pytest.mark.parametrize(
    ("purl", "product"),
    [
        ("pkg:maven/org.a/b@1", Product("org.a:b", "java-archive", "1")),
        ("pkg:npm/%40a/b@1", Product("@a/b", "npm", "1")),
        ("pkg:npm/@a/b", Product("@a/b", "npm")),
        ("pkg:rpm/almalinux/glib2@2-3.el9?arch=x86_64&epoch=1", Product("glib2", "rpm", "1:2-3.el9")),
        ("pkg:rpm/almalinux/glib2@2-3.el9?epoch=0", Product("glib2", "rpm", "2-3.el9")),
        ("pkg:deb/debian/a%2Bb@1%3A2?distro=debian-11", Product("a+b", "deb", "1:2")),
        (f"pkg:oci/app@{DIGEST.replace(':', '%3A')}?repository_url=x", Product(image_digest=DIGEST)),
    ],
)
def test_package_urls_are_read(purl: str, product: Product) -> None:
    (said,) = vex.read(openvex(statement(product=purl, **WHY))).suppressed
    assert said.product == product
    by_identifier = {"@id": "https://example.com/x", "identifiers": {"purl": purl}}
    assert vex.read(openvex(statement(product=by_identifier, **WHY))).suppressed == (said,)


@pytest.mark.parametrize(
    ("product", "why"),
    [
        ("https://example.com/app", "not named by a package URL"),
        ("pkg:oci/app@1.0", "not named by its digest"),
        ("pkg:oci/app", "not named by its digest"),
        ("pkg:hex/a@1", "are not scanned"),
        ("pkg:deb/", "no name"),
        ("pkg:deb/debian/a@", "empty version"),
        ({"@id": "pkg:deb/debian/a@1", "subcomponents": [{"@id": "pkg:pypi/b"}]}, "parts are known of images only"),
        ({"@id": "x", "subcomponents": [{"@id": "pkg:pypi/b"}]}, "the product that it is of"),
    ],
)
def test_what_cant_be_told_is_left_out(product: Any, why: str) -> None:
    read = vex.read(openvex(statement(product=product, **WHY)))
    assert read.suppressed == () and why in read.left_out[0]
    without = statement(**WHY)
    del without["products"]
    assert vex.read(openvex(without)).left_out == ("statements[0]: it names no product",)


def test_cyclonedx_works() -> None:
    components = [{"bom-ref": "1", "purl": "pkg:pypi/django@3", "components": [{"bom-ref": "2", "purl": "pkg:gem/a"}]}]
    rows = (
        analysed("not_affected", "1", justification="code_not_reachable", detail="no admin"),
        analysed("resolved", "urn:cdx:x/1#2"),
        analysed("false_positive", "pkg:cargo/a@1"),
        analysed("exploitable", "pkg:cargo/b@1"),
        {"id": "CVE-2024-2", "affects": [{"ref": "1"}]},
        analysed("in_triage", "nowhere"),
    )
    read = vex.read(cyclonedx(*rows, components=components))
    assert [(each.product, each.justification, each.reason) for each in read.suppressed] == [
        (Product("django", "python", "3"), "vulnerable_code_not_in_execute_path", "code_not_reachable: no admin"),
        (Product("a", "gem"), "fixed", ""),
        (Product("a", "rust-crate", "1"), "false_positive", ""),
    ]
    assert (read.format, read.open, len(read.left_out)) == ("CycloneDX", 1, 2)


@pytest.mark.parametrize(
    "component", [{"name": f"team/app@{DIGEST}"}, {"name": "app", "version": DIGEST}, {"purl": f"pkg:oci/app@{DIGEST}"}]
)
def test_a_document_about_an_image_speaks_of_that_image_only(component: dict[str, str]) -> None:
    metadata = {"component": {"bom-ref": "image", "type": "container"} | component}
    rows = (analysed("resolved", "pkg:gem/a"), analysed("resolved", "image") | {"id": "CVE-2024-2"})
    read = vex.read(cyclonedx(*rows, metadata=metadata))
    assert [each.product for each in read.suppressed] == [Product("a", "gem", "", DIGEST), Product(image_digest=DIGEST)]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[]", "not an object"),
        (b"{}", "neither OpenVEX (@context) nor CycloneDX"),
        (b"[" * 100_000, "not JSON"),
        (openvex(**{"@id": ""}), "@id is missing"),
        (openvex(statements={}), "statements is not a list"),
        (openvex("x"), "statements[0] is not an object"),
        (openvex(statement("safe")), "statements[0].status is 'safe', none of not_affected"),
        (openvex(statement()), "without a justification or an impact_statement"),
        (openvex(statement(justification="trust me")), "statements[0].justification is 'trust me'"),
        (openvex(statement(**WHY) | {"vulnerability": {}}), "statements[0].vulnerability has no name"),
        (openvex(statement(**WHY) | {"products": "x"}), "statements[0].products is not a list"),
        (cyclonedx(serialNumber=""), "serialNumber is missing"),
        (cyclonedx(analysed("fine", "1")), "vulnerabilities[0].analysis.state is 'fine'"),
        (cyclonedx(analysed("resolved", "1", justification="x")), "vulnerabilities[0].analysis.justification is 'x'"),
        (cyclonedx({"analysis": {}}), "vulnerabilities[0].id is missing"),
        (b" " * (vex.LARGEST + 1), "larger than 8 MiB"),
    ],
)
def test_it_refuses(content: bytes, words: str) -> None:
    with pytest.raises(VexInvalid) as caught:
        vex.read(content)
    assert words in str(caught.value) and not str(caught.value).endswith(" of ")


def test_a_document_that_says_too_much_is_refused() -> None:
    many = [{"@id": f"pkg:gem/a{number}"} for number in range(vex.MOST + 1)]
    with pytest.raises(VexInvalid, match="more than 10000"):
        vex.read(openvex(statement(**WHY) | {"products": many}))


def test_a_document_that_says_the_same_over_and_over_is_refused_soon() -> None:
    """Two megabytes that come to a thousand million pairs."""
    names = {"name": "CVE-2024-1", "aliases": [f"A-{number}" for number in range(vex.MOST - 1)]}
    many = openvex(statement(**WHY) | {"vulnerability": names, "products": [{"@id": "pkg:gem/a"}] * 80_000})
    with pytest.raises(VexInvalid, match="more than 100000 times"):
        vex.read(many)


class TestAttached:
    """A document that is attached to an image: what it calls by the image's name, or by none, is that image."""

    subject = Subject(DIGEST, "app")
    other = "sha256:" + "b" * 64

    def said(self, product: Any) -> list[Product]:
        """What a statement about a product comes to."""
        read = vex.of_value(json.loads(openvex(statement(product=product, **WHY))), self.subject)
        return [each.product for each in read.suppressed]

    @pytest.mark.parametrize(
        "product",
        [
            f"pkg:oci/app@{DIGEST}",
            "pkg:oci/app?repository_url=example.com%2Fteam%2Fapp",
            "pkg:oci/App",
            DIGEST,
            f"example.com/team/app@{DIGEST}",
            {"@id": "https://example.com/app", "hashes": {"sha-256": "a" * 64}},
        ],
    )
    def test_it_works(self, product: Any) -> None:
        assert self.said(product) == [Product(image_digest=DIGEST)]
        named = product if isinstance(product, dict) else {"@id": product}
        part = named | {"subcomponents": [{"@id": "pkg:gem/a@1"}]}
        assert self.said(part) == [Product("a", "gem", "1", DIGEST)]

    def test_without_products_it_is_meant(self) -> None:
        without = statement(**WHY)
        del without["products"]
        read = vex.of_value(json.loads(openvex(without)), self.subject)
        assert [each.product for each in read.suppressed] == [Product(image_digest=DIGEST)] and not read.left_out

    def test_cyclonedx_names_it_too(self) -> None:
        own = {"component": {"bom-ref": "image", "type": "container", "purl": "pkg:oci/app"}}
        rows = (analysed("resolved", "image"), analysed("resolved", "pkg:gem/a") | {"id": "CVE-2024-2"})
        read = vex.of_value(json.loads(cyclonedx(*rows, metadata=own)), self.subject)
        assert [each.product for each in read.suppressed] == [Product(image_digest=DIGEST), Product("a", "gem")]

    @pytest.mark.parametrize(
        "product",
        ["pkg:oci/other", "pkg:oci/app@1.0", "app", f"x{DIGEST}", {"@id": "x", "hashes": {"sha-512": "a" * 64}}],
    )
    def test_it_is_not_taken_for_another_one(self, product: Any) -> None:
        assert self.said(product) == []
        assert self.said(f"pkg:oci/app@{self.other}") == [Product(image_digest=self.other)]
