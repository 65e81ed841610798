"""Helm charts made in memory: what the registry itself reads from them."""

import io
import json
import tarfile
from datetime import UTC, datetime

from registry.content.charts import Chart, chart
from registry.manifests import media_types
from registry.manifests.describe import ConfigFacts, config_facts, kind
from registry.manifests.parse import parse

CREATED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
TEA = Chart(
    "tea",
    "1.2.3",
    app_version="4.5",
    description="Makes “tea”: hot",
    home="https://example.com",
    sources=("https://example.com/tea.git",),
    keywords=("tea", "kitchen"),
    license="Apache-2.0",
    values="cups: 2\n",
    files={"templates/pot.yaml": "kind: ConfigMap\n"},
)


def test_it_works() -> None:
    made = chart(TEA, CREATED)
    parsed = parse(made.manifest.data, made.manifest.media_type)
    assert kind(parsed) == "chart"
    assert [blob.media_type for blob in parsed.blobs] == [media_types.HELM_CONFIG, media_types.HELM_CHART]
    assert [blob.digest for blob in parsed.blobs] == [content.digest for content in made.blobs]
    assert config_facts(parsed, made.blobs[0].data) == ConfigFacts(
        title="tea",
        version="1.2.3",
        app_version="4.5",
        description="Makes “tea”: hot",
        url="https://example.com",
        source="https://example.com/tea.git",
        licenses="Apache-2.0",
        created="2026-01-02T03:04:05Z",
    )
    assert parsed.annotations["org.opencontainers.image.version"] == "1.2.3"


def test_the_package_holds_the_charts_folder() -> None:
    package = chart(TEA, CREATED).blobs[1]
    with tarfile.open(fileobj=io.BytesIO(package.data), mode="r:gz") as archive:
        files = {entry.name: archive.extractfile(entry) for entry in archive if entry.isfile()}
        texts = {name: file.read().decode() for name, file in files.items() if file}
    assert list(texts) == ["tea/Chart.yaml", "tea/values.yaml", "tea/templates/pot.yaml"]
    assert texts["tea/values.yaml"] == "cups: 2\n"
    assert texts["tea/templates/pot.yaml"] == "kind: ConfigMap\n"
    said = dict(line.split(": ", 1) for line in texts["tea/Chart.yaml"].splitlines())
    assert {key: json.loads(value) for key, value in said.items()} == TEA.metadata()


def test_what_is_empty_is_left_out() -> None:
    made = chart(Chart("tea", "0.1.0"), CREATED)
    assert json.loads(made.blobs[0].data) == {
        "apiVersion": "v2",
        "name": "tea",
        "version": "0.1.0",
        "type": "application",
    }
    assert "org.opencontainers.image.description" not in json.loads(made.manifest.data)["annotations"]


def test_the_same_chart_gives_the_same_digest() -> None:
    assert chart(TEA, CREATED) == chart(TEA, CREATED)
