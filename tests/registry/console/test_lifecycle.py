"""Pages of lifecycle policies: rules edited in words and as text, tried, saved; what was deleted is put back."""

import json
from typing import Any

from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.caller import Caller, operator
from accounts.directory import policies as rights
from accounts.models import Principal
from registry.core import images, repositories
from registry.lifecycle import policies, runs
from registry.models import Image, Repository
from registry.values import Address, Digest
from tests.factories.registry import push_image, push_index
from tests.registry.console.test_console import PRIVATE, ana, page
from tests.registry.console.test_iam import reader
from tests.registry.lifecycle.making import age, archive, expire, keep_newest, policy

__all__ = ["ana", "reader"]
PATH = f"{PRIVATE}/team/app/-/lifecycle"
RULE = {
    "description": "old ones",
    "tag_status": "any",
    "tags": "",
    "storage_class": "standard",
    "count_type": "sinceImagePushed",
    "count_number": "30",
    "action": "expire",
}


def saved() -> str:
    """The policy in force."""
    return str(Repository.objects.get().lifecycle_policy_text)


def press(
    client: Client, do: str, text: str = "", fields: dict[str, str] | None = None, *, status: int = 200, was: Any = None
) -> str:
    """Press a button of the page with a draft, and with the fields of a rule."""
    given = {"do": do, "text": text, "was": saved() if was is None else was} | (fields or {})
    answer = client.post(PATH, given)
    assert answer.status_code == status, answer.content.decode()
    return answer.content.decode()


def priorities(text: str) -> list[tuple[int, str]]:
    """The rules of the draft on a page: their numbers and for which images they are."""
    draft = text.partition('id="id_text"')[2].partition(">\n")[2].partition("</textarea>")[0].replace("&quot;", '"')
    return [(rule["rulePriority"], rule["selection"]["tagStatus"]) for rule in json.loads(draft)["rules"]]


def test_it_works(ana: Client, alice: Caller, address: Address) -> None:
    """From nothing by a ready rule to a policy in force, whose effect was shown before."""
    old, young = age(push_image(alice, address), 40), push_image(alice, address, "1")
    text = page(ana, PATH)
    assert "Images are kept for ever." in text and text.count('href="?start=') == 3
    text = page(ana, f"{PATH}?start=untagged")
    assert "Untagged images" in text and "pushed 14 days ago" in text and "put-lifecycle-policy" in text
    assert "1 image would expire" in text and old.digest in text and "Nothing is saved yet" in text and not saved()
    assert "Kept: no rule is for it." in text and young.digest in text
    press(ana, "save", policy(expire(1)), status=302)
    assert "untagged" in saved()
    text = page(ana, PATH)
    assert "Not applied yet." in text and "The policy is saved." in text
    runs.run(Repository.objects.get().id)
    assert "1 image expired" in page(ana, PATH)
    assert ana.post(PATH, {"do": "remove", "was": "what somebody else has replaced"}).status_code == 409 and saved()
    press(ana, "remove", status=302)
    assert not saved()


def test_rules_are_added_moved_changed_and_taken_out(ana: Client, address: Address) -> None:
    """Each button returns the draft, changed; a rule for all images stays the last."""
    text = press(ana, "add", "", RULE)
    assert priorities(text) == [(1, "any")] and "old ones" in text and "All images" in text
    one = policy(expire(1, tagStatus="any"))
    tagged = RULE | {"tag_status": "patterns", "tags": "v*, *-rc", "count_type": "imageCountMoreThan"}
    text = press(ana, "add", one, tagged)
    assert priorities(text) == [(1, "tagged"), (2, "any")] and "Images with tags like each of v*, *-rc" in text
    both = policy(archive(1, tagStatus="any"), expire(2, tagStatus="any", storageClass="archive"))
    text = press(ana, "add", both, RULE | {"tag_status": "untagged"})
    assert priorities(text) == [(1, "untagged"), (2, "any"), (3, "any")]
    three = policy(expire(5), expire(7, tagStatus="tagged", tagPrefixList=["a"]), keep_newest(9, 10))
    assert priorities(press(ana, "down:5", three)) == [(5, "tagged"), (7, "untagged"), (9, "any")]
    assert priorities(press(ana, "up:7", three)) == [(5, "tagged"), (7, "untagged"), (9, "any")]
    assert priorities(press(ana, "up:5", three)) == priorities(press(ana, "down:77", three))
    assert priorities(press(ana, "drop:7", three)) == [(5, "untagged"), (9, "any")]
    text = press(ana, "edit:7", three)
    assert "Edit rule 7" in text and 'value="change:7"' in text and 'value="prefixes" selected' in text
    text = press(ana, "change:7", three, RULE | {"tag_status": "prefixes", "tags": "b", "action": "retain"})
    assert priorities(text)[1] == (7, "tagged") and "are kept" in text
    assert not saved()


def test_it_refuses_what_can_not_be_read(ana: Client, address: Address) -> None:
    """With the places in the text; the draft stays as it was."""
    text = press(ana, "save", policy(expire(0)), status=422)
    assert "Line 4, column" in text and "rulePriority" in text and not saved()
    for wrong in (
        *("{", "[]", '{"rules": 1}', '{"rules": [1]}', '{"rules": [{"rulePriority": "x"}]}', "x" * 40_000),
        *('{"rules": [{"rulePriority": 1e999}]}', '{"rules": [{"rulePriority": Infinity}]}'),
        *('{"rules": [{"rulePriority": %s}]}' % ("9" * 5000), r'{"rules": [{"rulePriority": 1, "\ud800": 1}]}'),
        '{"rules": [{"rulePriority": 1, "selection": []}]}',
    ):
        for button in ("preview", "up:1", "drop:1", "add", "nonsense", "edit:999999999999999999999"):
            answer = ana.post(PATH, {"do": button, "text": wrong, "was": ""} | RULE | {"tag_status": "untagged"})
            assert answer.status_code == 422 or (answer.status_code == 200 and button == "drop:1")
    both = policy(expire(1))
    text = press(ana, "add", both, RULE | {"tag_status": "untagged"}, status=422)
    assert "The rule was not taken over" in text and priorities(text) == [(1, "untagged")]
    assert "The rule was not taken over" in press(ana, "add", both, RULE | {"count_number": "0"}, status=422)
    assert "The rule was not taken over" in press(ana, "add", both, RULE | {"tag_status": "prefixes"}, status=422)


def test_it_refuses_to_overwrite_what_others_saved(ana: Client, alice: Caller, address: Address) -> None:
    policies.put(alice, address, policy(expire(1, countNumber=3)))
    text = press(ana, "save", policy(expire(1)), status=409, was="")
    assert "Somebody else saved another policy meanwhile" in text and '"countNumber": 3' in saved()
    press(ana, "save", policy(expire(1)), status=302)
    assert '"countNumber": 14' in saved()


def test_a_policy_with_other_line_ends_can_be_edited(ana: Client, alice: Caller, address: Address) -> None:
    """Such as one from a file that was written on Windows; browsers send every line end as that, too."""
    for end in ("\r\n", "\r", "\n"):
        policies.put(alice, address, policy(expire(1, countNumber=3)).replace("\n", end) + end)
        draft = policy(expire(1)).replace("\n", "\r\n")
        press(ana, "save", draft, status=302, was=saved().replace(end, "\r\n"))
        assert '"countNumber": 14' in saved()


def test_the_preview_says_why(ana: Client, alice: Caller, address: Address) -> None:
    """Each kind of reason in words, those that go first."""
    child = age(push_image(alice, address), 50)
    index = age(push_index(alice, address, "all", [child]), 50)
    old, shielded = age(push_image(alice, address, "v1"), 60), age(push_image(alice, address, "v2"), 55)
    subject = {"mediaType": old.media_type, "digest": old.digest, "size": old.manifest_size}
    signature = push_image(alice, address, subject=subject)
    draft = policy(
        expire(1),
        keep_newest(2, 1, tagStatus="tagged", tagPrefixList=["v"]),
        expire(3, tagStatus="any", countNumber=40),
    )
    text = press(ana, "preview", draft)
    assert "4 images would expire" in text and "1 would stay" in text
    assert text.index(old.digest) < text.index(shielded.digest)
    for said in (
        "Rule 2 keeps only newer ones; this is number 2.",
        f"It goes with {old.digest[:19]}, to which it is attached.",
        "Kept: it is number 1 of the newest that rule 2 keeps. Rule 3 would take it, but rule 2 has the higher",
        "Its time by rule 3 was up on",
    ):
        assert said in text, said
    assert signature.digest in text and index.digest in text and child.digest in text
    assert f"Kept: the index {index.digest[:19]} names it and stays." in press(ana, "preview", policy(expire(1)))


def test_readers_read(reader: Client, alice: Caller, address: Address) -> None:
    policies.put(alice, address, policy(expire(1)))
    page(reader, PATH, 403)
    statement = {"Effect": "Allow", "Action": "ecr:GetLifecyclePolicy", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    role = Principal.objects.get(name="Readers")
    rights.put_inline(operator(alice.account_id), role, "lifecycle", document)
    text = page(reader, PATH)
    assert "Untagged images" in text and "PutLifecyclePolicy" in text and "Save the policy" not in text
    assert (
        reader.post(PATH, {"do": "save", "text": policy(expire(1, countNumber=2)), "was": saved()}).status_code == 403
    )
    assert reader.post(PATH, {"do": "remove", "was": saved()}).status_code == 403
    assert '"countNumber": 14' in saved()


def test_public_repositories_have_no_lifecycle(ana: Client, public_address: Address) -> None:
    base = f"/console/{public_address.registry.account_id}/public/repositories/{public_address.name}/-"
    page(ana, f"{base}/lifecycle", 404)
    assert "/-/lifecycle" not in page(ana, f"{base}/images")


def test_lists_and_images_say_what_becomes_of_them(ana: Client, alice: Caller, address: Address) -> None:
    image = age(push_image(alice, address, "1"), 10)
    newer = push_image(alice, address, "v2")
    assert ">Lifecycle</th>" not in page(ana, f"{PRIVATE}/team/app/-/images")
    rules = (keep_newest(1, 5, tagStatus="tagged", tagPrefixList=["v"]), expire(4, tagStatus="any", countNumber=30))
    policies.put(alice, address, policy(*rules))
    text = page(ana, f"{PRIVATE}/team/app/-/images")
    assert "due ≈" in text and ", rule 4" in text and "kept by rule 1" in text
    text = page(ana, f"{PRIVATE}/team/app/-/images/{image.digest}")
    assert "Kept: its time by rule 4 is up on" in text and "The repository's policy" in text
    assert "Kept: it is number 1 of the newest" in page(ana, f"{PRIVATE}/team/app/-/images/{newer.digest}")
    Repository.objects.update(image_count=1_000_000)
    assert "kept by rule" not in page(ana, f"{PRIVATE}/team/app/-/images")
    assert "too many images" in page(ana, PATH)


def test_queries_do_not_grow_with_rows(
    ana: Client, alice: Caller, address: Address, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    policies.put(alice, address, policy(keep_newest(1, 3)))
    for number in range(12):
        push_image(alice, address, f"v{number}")
    page(ana, PATH)
    with django_assert_max_num_queries(30):
        page(ana, PATH)
    for image in Image.objects.all()[:8]:
        images.delete(alice, address, Digest.parse(image.digest))
    with django_assert_max_num_queries(25):
        page(ana, f"{PRIVATE}/team/app/-/images/deleted")


def test_an_image_goes_to_the_archive_and_back(ana: Client, reader: Client, alice: Caller, address: Address) -> None:
    child = push_image(alice, address)
    index = push_index(alice, address, "1", [child])
    path = f"{PRIVATE}/team/app/-/images/{index.digest}/class"
    assert "update-image-storage-class" in page(ana, path)
    assert "UpdateImageStorageClass" in page(reader, path) and reader.post(path, {"to": "ARCHIVE"}).status_code == 403
    assert ana.post(path, {"to": "ICE"}).status_code == 422
    held = ana.post(f"{PRIVATE}/team/app/-/images/{child.digest}/class", {"to": "ARCHIVE"})
    assert held.status_code == 409 and "Archive the index first" in held.content.decode()
    assert ana.post(path, {"to": "ARCHIVE"}).status_code == 302
    text = page(ana, f"{PRIVATE}/team/app/-/images/{index.digest}")
    assert "In the archive since" in text and "archived" in page(ana, f"{PRIVATE}/team/app/-/images")
    assert "It can be pulled again at once" in page(ana, path)
    assert ana.post(path, {"to": "STANDARD"}).status_code == 302
    index.refresh_from_db()
    assert index.image_status == "ACTIVE"
    page(ana, f"{PRIVATE}/team/app/-/images/sha256:{'0' * 64}/class", 404)


def test_deleted_images_are_put_back(ana: Client, reader: Client, alice: Caller, address: Address) -> None:
    """With their tags, but for those that name something else by now."""
    path = f"{PRIVATE}/team/app/-/images/deleted"
    assert "No image was deleted lately." in page(ana, path)
    image = push_image(alice, address, "1")
    content = images.get(alice, address, Digest.parse(image.digest)).content
    images.put(alice, address, Digest.parse(image.digest), image.media_type, content)
    images.delete(alice, address, Digest.parse(image.digest))
    text = page(ana, path)
    assert image.digest in text and "by alice" in text
    assert image.digest not in page(reader, path) and "PutImage" in page(reader, path)
    assert reader.post(path, {"digest": image.digest}).status_code == 403
    push_image(alice, address, "1")
    assert ana.post(path, {"digest": image.digest}).status_code == 302
    text = page(ana, path)
    assert "1 image is back." in text and "stay there: 1." in text
    for wrong, said in ((image.digest, "is there already"), ("nonsense", "be put back any more"), ("", "any more")):
        assert ana.post(path, {"digest": wrong}).status_code == 302
        assert said in page(ana, path)


def test_expired_images_say_by_which_rule(ana: Client, alice: Caller, address: Address) -> None:
    age(push_image(alice, address, "1"), 40)
    Repository.objects.update(lifecycle_policy_text=policy(expire(6, tagStatus="any")))
    runs.run(Repository.objects.get().id)
    assert "expired by rule 6" in page(ana, f"{PRIVATE}/team/app/-/images/deleted")
    assert "expired by rule 6" in page(ana, f"{PRIVATE}/team/app/-/history")


def test_deleted_repositories_are_put_back(ana: Client, reader: Client, alice: Caller, address: Address) -> None:
    path = f"{PRIVATE}/-/deleted"
    assert "No repository was deleted lately." in page(ana, path)
    push_image(alice, address, "1")
    repositories.delete(alice, address, force=True)
    row = Repository.objects.get()
    assert "team/app" in page(ana, path) and ">Restore<" not in page(reader, path)
    assert reader.post(path, {"repository": row.id, "name": "team/app"}).status_code == 403
    repositories.create(alice, address)
    for name, number in (("team/app", row.id), ("UPPER", row.id), ("team/b", "x"), ("team/b", "9" * 30)):
        assert ana.post(path, {"repository": number, "name": name}).status_code == 302
    assert "This is not a name of a repository." in page(ana, path)
    assert ana.post(path, {"repository": row.id, "name": "team/b"}).status_code == 302
    assert "is back with all its images" in page(ana, f"{PRIVATE}/team/b/-/images")


def test_without_a_window_pages_say_so(ana: Client, address: Address, settings: Settings) -> None:
    settings.UNDELETE_SECONDS = 0
    assert "Expired images are gone at once." in page(ana, PATH)
    assert "Here nothing can be restored" in page(ana, f"{PRIVATE}/team/app/-/images/deleted")
    assert "Here nothing can be restored" in page(ana, f"{PRIVATE}/-/deleted")


def test_a_policy_is_removed_after_a_question(ana: Client, address: Address) -> None:
    press(ana, "save", policy(expire(1)), status=302)
    assert 'value="remove"' not in page(ana, PATH), "one click would lose the text for ever"
    text = press(ana, "ask", saved())
    assert "Remove the policy?" in text and 'value="remove"' in text and saved()
    press(ana, "remove", saved(), status=302)
    assert not saved()
