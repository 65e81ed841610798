"""Answers that are no pages."""

from typing import Any

from django.http import HttpResponse


def manifest_file(values: dict[str, Any]) -> HttpResponse:
    """The exact bytes of a manifest as a file to keep, under its own media type."""
    image = values["manifest_of"]
    name = f"manifest-{image.digest.partition(':')[2][:12]}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return HttpResponse(values["content"], content_type=image.media_type, headers=headers)
