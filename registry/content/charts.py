"""Makes small Helm charts in memory, as `helm package` and `helm push` would.

The formats are in Helm's documentation: "Charts" for Chart.yaml, "Use OCI-based registries" for the media types; the
config of a chart is its Chart.yaml as JSON.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from registry.content import writing
from registry.content.writing import Artifact, Content, File, Json

CONFIG: Final = "application/vnd.cncf.helm.config.v1+json"
LAYER: Final = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
LICENSE: Final = "artifacthub.io/license"


@dataclass(frozen=True, slots=True)
class Chart:
    """What a chart says of itself, and its files below its own folder, such as `templates/service.yaml`."""

    name: str
    version: str
    app_version: str = ""
    description: str = ""
    home: str = ""
    sources: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    license: str = ""
    values: str = ""
    files: Mapping[str, str] = field(default_factory=dict)

    def metadata(self) -> Json:
        """Chart.yaml as a value, without what is empty."""
        said: Json = {
            "apiVersion": "v2",
            "name": self.name,
            "version": self.version,
            "appVersion": self.app_version,
            "description": self.description,
            "type": "application",
            "home": self.home,
            "sources": list(self.sources),
            "keywords": list(self.keywords),
            "annotations": {LICENSE: self.license} if self.license else {},
        }
        return {key: value for key, value in said.items() if value}


def chart(made: Chart, created: datetime) -> Artifact:
    """Pack a chart and make its config and manifest."""
    metadata = made.metadata()
    # JSON is YAML: each value as it is, each key on a line of its own.
    yaml = "".join(f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in metadata.items())
    files = {"Chart.yaml": yaml, "values.yaml": made.values, **made.files}
    archive = writing.tar({f"{made.name}/{path}": File(text.encode()) for path, text in files.items()}, created)
    annotations = {
        "org.opencontainers.image.title": made.name,
        "org.opencontainers.image.version": made.version,
        "org.opencontainers.image.description": made.description,
        writing.CREATED: writing.timestamp(created),
    }
    return writing.manifest(
        Content(CONFIG, writing.encoded(metadata)),
        [Content(LAYER, writing.compressed(archive))],
        annotations={key: value for key, value in annotations.items() if value},
    )
