"""Charts out of their archives."""

import gzip
from datetime import UTC, datetime
from time import process_time

import pytest

from registry.content import chart_archives, chart_facts, writing
from registry.content.chart_archives import Change, Chart, ChartUnreadable, Dependency, Person
from registry.content.chart_facts import Definition, NamedImage, Source
from registry.content.writing import File

WHEN = datetime(2026, 1, 1, tzinfo=UTC)
META = """\
apiVersion: v2
name: shop
version: 1.2.0
appVersion: 3
type: application
kubeVersion: ">=1.27"
description: Sells things
home: https://example.com
deprecated: true
sources: [https://example.com/src, "javascript:alert(1)", 3]
keywords: [shop, 7]
maintainers:
  - {name: Ana, email: ana@example.com, url: "https://ana.example.com"}
  - {name: Bo, email: "not mail"}
  - nobody
dependencies:
  - {name: db, version: ~1.0, repository: "oci://example.com/charts", condition: db.enabled, alias: store}
  - {name: cache, version: 2.x.x, repository: "https://example.com"}
annotations:
  artifacthub.io/license: MIT
  artifacthub.io/changes: |
    - kind: added
      description: A door
      links: [{name: issue, url: "https://example.com/1"}, {name: bad, url: "javascript:1"}]
    - Painted the wall
    - kind: nonsense
      description: Other
  artifacthub.io/images: |
    - name: app
      image: example.com/shop/app:3
"""
VALUES = """\
image:
  registry: docker.io
  repository: shop/web
  tag: ""
job: {image: "shop/job:1"}
digested: {repository: shop/d, digest: "sha256:%s"}
bare: {repository: not-an-image}
""" % ("a" * 64)
CRD = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: doors.example.com}
spec:
  group: example.com
  names: {kind: Door, plural: doors}
  scope: Namespaced
  versions:
    - {name: v1, schema: {openAPIV3Schema: {properties: {name: {type: string}}}}}
    - name: v2
---
kind: Other
"""


def archive(files: dict[str, str]) -> bytes:
    return writing.compressed(writing.tar({f"shop/{path}": File(text.encode()) for path, text in files.items()}, WHEN))


def chart(**files: str) -> Chart:
    return chart_archives.read(archive({"Chart.yaml": META, "values.yaml": VALUES, **files}))


def test_it_reads_what_a_chart_says_of_itself() -> None:
    made = chart(**{"charts/db/Chart.yaml": "name: db", "README.md": "# Shop", "CHANGELOG.md": "# 1"})
    assert (made.name, made.version, made.app_version, made.type) == ("shop", "1.2.0", "3", "application")
    assert (made.kube_version, made.home, made.licence) == (">=1.27", "https://example.com", "MIT")
    assert made.is_deprecated and made.sources == ("https://example.com/src",) and made.keywords == ("shop", "7")
    assert made.maintainers == (Person("Ana", "ana@example.com", "https://ana.example.com"), Person("Bo", "", ""))
    assert made.dependencies == (
        Dependency("db", "~1.0", "oci://example.com/charts", "db.enabled", "store", is_bundled=True),
        Dependency("cache", "2.x.x", "https://example.com", "", "", is_bundled=False),
    )
    assert made.changes == (
        Change("added", "A door", (("https://example.com/1", "issue"),)),
        Change("", "Painted the wall"),
        Change("", "Other"),
    )
    assert (made.readme, made.changelog) == ("# Shop", "# 1")


def test_it_reads_files() -> None:
    made = chart(**{"templates/a.yaml": "a: 1", "templates/sub/_b.tpl": "b", "crds/c.yaml": CRD, "files/x": "no"})
    assert dict(made.templates) == {"templates/a.yaml": "a: 1", "templates/sub/_b.tpl": "b"}
    assert list(made.crds) == ["crds/c.yaml"] and made.schema is None
    assert made.size > 0


def test_it_names_images_once_with_their_place() -> None:
    made = chart(**{"templates/a.yaml": "  - image: nginx:1\n    image: {{ .Values.image }}\n    image: 'shop/job:1'"})
    assert chart_facts.images(made) == [
        NamedImage("example.com/shop/app:3", Source.ANNOTATION, "app"),
        NamedImage("shop/job:1", Source.VALUES, "job.image"),
        NamedImage("docker.io/shop/web:3", Source.VALUES, "image"),
        NamedImage(f"shop/d@sha256:{'a' * 64}", Source.VALUES, "digested"),
        NamedImage("nginx:1", Source.TEMPLATE, "templates/a.yaml"),
    ]


def test_empty_lines_are_looked_at_once() -> None:
    """Else a page of a chart would keep its server from everything else for hours."""
    began = process_time()
    made = chart(**{"templates/a.yaml": "  - image: 'redis:7' # why\n" + "\n" * 15_000 + "x"})
    assert NamedImage("redis:7", Source.TEMPLATE, "templates/a.yaml") in chart_facts.images(made)
    assert process_time() - began < 2


@pytest.mark.parametrize("number", [f"0x{'f' * 5000}", f"1{':0' * 200_000}", "9" * 5000])
def test_a_number_that_is_none_of_a_chart_is_not_read(number: str) -> None:
    began = process_time()
    assert chart_archives.read(archive({"Chart.yaml": f"name: app\nversion: {number}\n"})).version == ""
    assert process_time() - began < 1


def test_it_names_the_kinds_of_definitions() -> None:
    assert chart_facts.definitions({"crds/c.yaml": CRD, "crds/bad.yaml": "a: [", "crds/README.md": "x"}) == [
        Definition("crds/c.yaml", "Door", "example.com", "Namespaced", ("v1", "v2")),
        Definition("crds/bad.yaml"),
    ]


@pytest.mark.parametrize(
    "meta", ["", "[]", "a: [", "name: {}\nversion: []\nmaintainers: x\ndependencies: {}\nannotations: []\nsources: 1"]
)
def test_a_hostile_chart_yaml_says_nothing(meta: str) -> None:
    made = chart_archives.read(archive({"Chart.yaml": meta, "values.yaml": "a: ["}))
    assert (made.name, made.version, made.maintainers, made.dependencies) == ("", "", (), ())
    assert chart_facts.images(made) == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not-gzip"),
        (gzip.compress(b"x" * 2000), "not-tar"),
        (archive({"values.yaml": "a: 1"}), "no-chart"),
        (archive({"sub/Chart.yaml": "name: x"}), "no-chart"),
    ],
    ids=["empty", "no tar", "no Chart.yaml", "not in one folder"],
)
def test_it_refuses_what_is_no_chart(content: bytes, reason: str) -> None:
    with pytest.raises(ChartUnreadable) as caught:
        chart_archives.read(content)
    assert caught.value.reason == reason
