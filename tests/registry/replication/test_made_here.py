"""What was made here of an image is not replicated, and gives way to a replica of the same."""

from pytest_django import Settings

from accounts.caller import Caller, service
from accounts.models import OutboxRow
from registry.core import archive, arrivals, images, reading, recycling, retagging
from registry.models import Image, Repository
from registry.values import Address, Digest, RegistryId
from registry.values import ImageTag as Tag
from tests.factories.registry import push_image
from tests.registry.replication.making import HOME, attach, configure, held, rule, there, work


def test_it_is_not_copied(alice: Caller, address: Address, far: RegistryId) -> None:
    """Neither when it is made, nor when it comes back from the archive or with its subject."""
    image = push_image(alice, address, "1")
    digest = Digest.parse(attach(alice, image).digest)
    work()
    configure(alice, rule(far))
    for storage_class in ("ARCHIVE", "STANDARD"):
        archive.update(alice, address, digest, None, storage_class)
    assert work() and held(far) == {}
    images.delete(alice, address, Digest.parse(image.digest))
    recycling.restore(alice, address, Digest.parse(image.digest))
    work()
    assert held(far) == {image.digest: ["1"]}


def test_a_replica_takes_its_place(alice: Caller, address: Address, far: RegistryId) -> None:
    configure(alice, rule(far))
    image = push_image(alice, address, "1")
    made = attach(alice, image)
    work()
    copy = Image.objects.get(repository=there(far), digest=image.digest)
    assert attach(alice, copy).digest == made.digest
    count = Repository.objects.get(id=copy.repository_id).image_count
    retagging.retag(alice, address, Digest.parse(made.digest), Tag.parse("made"))
    work()
    assert held(far) == {image.digest: ["1"], made.digest: ["made"]}
    there_too = Image.objects.get(repository=there(far), digest=made.digest)
    assert not there_too.is_generated and there_too.replicated_from == f"{alice.account_id}/{HOME}"
    assert Repository.objects.get(id=copy.repository_id).image_count == count
    images.delete(alice, Address(far, address.name), Digest.parse(image.digest))
    assert held(far) == {made.digest: ["made"]}


def test_a_replica_of_a_peer_takes_its_place(alice: Caller, address: Address) -> None:
    source = RegistryId(alice.account_id, "ap-south-1")
    caller = service(alice.account_id, "replication", region=source.region)
    made = attach(alice, push_image(alice, address, "1"))
    digest, content = Digest.parse(made.digest), reading.manifest(made.digest) or b""
    assert not arrivals.has(caller, address, digest)
    image = arrivals.put(caller, source, address, digest, made.media_type, content, "made")
    assert not image.is_generated and image.replicated_from == f"{alice.account_id}/ap-south-1"
    assert arrivals.has(caller, address, digest)
    told = OutboxRow.objects.count()
    assert arrivals.put(caller, source, address, digest, made.media_type, content, "made").id == made.id
    assert OutboxRow.objects.count() == told


def test_it_does_not_count(alice: Caller, address: Address, far: RegistryId, settings: Settings) -> None:
    settings.MAX_IMAGES = 2
    configure(alice, rule(far))
    image = push_image(alice, address, "1")
    work()
    attach(alice, Image.objects.get(repository=there(far), digest=image.digest))
    second = push_image(alice, address, "2")
    work()
    assert {image.digest, second.digest} < held(far).keys()
    content = reading.manifest(second.digest) or b""
    images.delete(alice, Address(far, address.name), Digest.parse(second.digest))
    source = RegistryId(alice.account_id, "ap-south-1")
    caller = service(alice.account_id, "replication", region=source.region)
    target = Address(far, address.name)
    assert (
        arrivals.put(caller, source, target, Digest.parse(second.digest), second.media_type, content).deleted_at is None
    )
