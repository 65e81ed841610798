"""Answers of the pages of images that are files."""

from typing import Any

from django.http import Http404, HttpResponse, StreamingHttpResponse

from accounts.caller import Caller
from registry.scanning import documents, findings, sboms
from registry.values import Address, Digest


def manifest_file(values: dict[str, Any]) -> HttpResponse:
    """The exact bytes of a manifest as a file to keep, under its own media type."""
    image = values["manifest_of"]
    name = f"manifest-{image.digest.partition(':')[2][:12]}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return HttpResponse(values["content"], content_type=image.media_type, headers=headers)


def sbom_file(caller: Caller, address: Address, digest: Digest, form: str) -> StreamingHttpResponse:
    """The packages of an image that was scanned, as `cdx` or `spdx`. ScanNotFound; Http404 without a list."""
    packages = findings.get(caller, address, digest, None).scan.sbom
    if packages is None:
        raise Http404
    name = str(address.name)
    read = sboms.unpacked(bytes(packages.content))
    made = documents.WRITERS[form](read, f"{name}@{digest}", packages.created_at)
    answer = StreamingHttpResponse(documents.written(made), content_type=documents.CONTENT_TYPES[form])
    answer["Content-Disposition"] = f'attachment; filename="{name.rpartition("/")[2]}.{form}.json"'
    return answer
