"""A few tiny public images and a chart, made on the spot, so that gallery and pull have something to show."""

from datetime import UTC, datetime
from typing import Final

from django.db.utils import DatabaseError

from accounts.caller import Caller, operator
from accounts.models import Account
from registry.content import programs, writing
from registry.content.charts import Chart, chart
from registry.content.writing import Artifact, File, Platform
from registry.core import addresses, images, repositories, tag_history, uploads
from registry.errors import StorageError
from registry.values import Address, ImageTag

CREATED: Final = datetime(2026, 1, 1, tzinfo=UTC)
PLATFORMS: Final = (Platform("amd64"), Platform("arm64"))
JOB: Final = """\
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .Release.Name }}
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
        - name: hello
          image: {{ .Values.image | quote }}
"""


def try_to_seed(account: Account) -> str:
    """Push it, unless the disk is full or cannot be written: nothing needs it. Returns what was in the way."""
    try:
        seed(account)
    except (DatabaseError, OSError, StorageError) as error:
        return str(error).strip() or type(error).__name__
    return ""


def seed(account: Account) -> None:
    """Push the demo into the account's public registry, unless it was there once: what was deleted stays so.

    The push of a start that was ended on its way is gone on with.
    """
    caller = operator(account.id, user_agent="kho/demo")
    for name, contents in _contents().items():
        address = addresses.public(account.id, name)
        if not repositories.was_ever(address):
            repositories.create(caller, address)
        elif repositories.find(address) is None or _is_whole(caller, address, last=contents[-1][0]):
            continue
        for tag, artifact in contents:
            _push(caller, address, artifact, tag)


def _is_whole(caller: Caller, address: Address, *, last: str) -> bool:
    """Whether the last tag was ever pushed."""
    return bool(tag_history.tag_history(caller, address, tag=last, is_whole=True).rows)


def _contents() -> dict[str, list[tuple[str, Artifact]]]:
    """Repository -> tags in the order of their push."""
    return {
        "hello": [
            ("1.0", _image("hello", "Hello from Kho.\n", "Prints a greeting and ends.")),
            ("1.1", _image("hello", "Hello from Kho!\nThis image works.\n", "Prints a greeting and ends.")),
            ("latest", _image("hello", "Hello from Kho!\nThis image works.\n", "Prints a greeting and ends.")),
        ],
        "tools/shelf": [("2026.1", _image("shelf", "A-01 B-02 C-03\n", "Prints the shelves of a small warehouse."))],
        "charts/hello": [
            (
                "0.1.0",
                chart(
                    Chart(
                        name="hello",
                        version="0.1.0",
                        app_version="1.1",
                        description="Runs the hello image once, as a job.",
                        license="Apache-2.0",
                        values='image: "hello:1.1"\n',
                        files={"templates/job.yaml": JOB},
                    ),
                    CREATED,
                ),
            )
        ],
    }


def _image(program: str, text: str, description: str) -> Artifact:
    """An image for two architectures whose only file prints a text."""
    labels = {
        "org.opencontainers.image.description": description,
        "org.opencontainers.image.licenses": "Apache-2.0",
    }

    def of(platform: Platform) -> Artifact:
        content = File(programs.printing(text, platform.architecture), 0o755)
        return writing.image({program: content}, platform, CREATED, command=[f"/{program}"], labels=labels)

    return writing.index({platform: of(platform) for platform in PLATFORMS})


def _push(caller: Caller, address: Address, artifact: Artifact, tag: str = "") -> None:
    """Push what an artifact needs, then its manifest."""
    for child in artifact.children:
        _push(caller, address, child)
    for blob in artifact.blobs:
        uploads.put_whole(caller, address, blob.digest, [blob.data], length=len(blob.data))
    manifest = artifact.manifest
    reference = ImageTag(tag) if tag else manifest.digest
    images.put(caller, address, reference, manifest.media_type, manifest.data)
