"""What is inside the blobs of an image, for pages: configs and charts. Who may not pull, reads none."""

from collections.abc import Iterable
from typing import Final

from accounts.audit.actions import Action
from accounts.caller import Caller
from registry.content import chart_archives
from registry.content.chart_archives import Chart
from registry.core import blobs, connections, reading
from registry.errors import BlobTooLarge
from registry.manifests.parse import Descriptor
from registry.values import Address

LARGEST_CONFIG: Final = 4 * 1024 * 1024
CHART_BYTES: Final = 8 * 1024 * 1024
LARGEST_CHART: Final = 4 * 1024 * 1024
"""Of the texts of one chart that are kept in memory."""

_charts: Final = reading.Contents[Chart](most=CHART_BYTES, largest=LARGEST_CHART)
"""Charts by the digest of their archive; rights are checked before they are looked up here."""


def expect(address: Address, descriptors: Iterable[Descriptor]) -> None:
    """Say that a page will read these blobs, so that it asks for all of them at once."""
    reading.remember_blobs(address, [str(each.digest) for each in descriptors])


def config(caller: Caller, address: Address, descriptor: Descriptor) -> bytes:
    """Return a config's bytes. BlobNotFound if they are missing or damaged, BlobTooLarge."""
    return blobs.whole(_readable(caller, address, descriptor, LARGEST_CONFIG))


def chart(caller: Caller, address: Address, descriptor: Descriptor) -> Chart:
    """Return a chart by the layer that holds its archive. BlobNotFound, BlobTooLarge, ChartUnreadable."""
    found = _readable(caller, address, descriptor, chart_archives.LARGEST)
    known = _charts.get(found.digest)
    if known is None:
        known = chart_archives.read(blobs.whole(found))
        _charts.keep(found.digest, known, known.size)
    return known


def _readable(caller: Caller, address: Address, descriptor: Descriptor, most: int) -> reading.FoundBlob:
    """The blob, if the caller may download it and it is no larger than what is read at once."""
    found = reading.blob(caller, address, descriptor.digest, Action.GET_DOWNLOAD_URL_FOR_LAYER)
    connections.release()  # the store may take its time
    if found.size > most:
        raise BlobTooLarge(most)
    return found
