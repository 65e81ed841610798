"""What a lifecycle policy does, written as slowly and plainly as the text of the guide, for tests to compare with."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from registry.lifecycle.evaluation import ImageFacts
from registry.lifecycle.grammar import Rule


def actions(images: Sequence[ImageFacts], rules: Sequence[Rule], now: datetime) -> dict[str, tuple[str, int]]:
    """Digest -> action and rule, of those that a rule or their subject takes along."""
    there = {image.digest: image for image in images}
    attached = {image.digest for image in images if _is_attached(image, there)}
    free = [image for image in images if image.digest not in attached]
    found: dict[str, tuple[str, int]] = {}
    for image in free:
        for rule in sorted(rules, key=lambda each: each.priority):
            if _matches(rule, image):
                if _is_marked(rule, image, free, now):
                    found[image.digest] = (rule.action, rule.priority)
                break
    while True:
        before = dict(found)
        for image in images:
            if image.digest in attached and image.subject in found:
                action, number = found[image.subject]
                if not (action == "transition" and image.storage_class == "archive"):
                    found[image.digest] = (action, number)
        if found == before:
            break
    while True:
        wrong = [digest for digest in found if _must_stay(there[digest], images, found, attached)]
        if not wrong:
            return found
        for digest in wrong:
            del found[digest]


def _is_attached(image: ImageFacts, there: dict[str, ImageFacts]) -> bool:
    """Whether its subject is here, and it is not its own subject's subject, by however many steps."""
    if image.subject not in there:
        return False
    place = there[image.subject]
    for _ in range(len(there) + 1):
        if place.digest == image.digest:
            return False
        if place.subject not in there:
            return True
        place = there[place.subject]
    return True


def _matches(rule: Rule, image: ImageFacts) -> bool:
    if rule.storage_class != image.storage_class:
        return False
    if rule.tag_status == "untagged":
        return not image.tags
    if rule.tag_status == "any":
        return True
    tests = [re.escape(prefix) + ".*" for prefix in rule.prefixes]
    tests += [".*".join(re.escape(piece) for piece in pattern.split("*")) for pattern in rule.patterns]
    return all(any(re.fullmatch(test, tag, re.DOTALL) for tag in image.tags) for test in tests)


def _since(rule: Rule, image: ImageFacts) -> datetime | None:
    times = [image.pushed_at]
    if rule.count_type == "sinceImageTransitioned":
        if image.transitioned_at is None:
            return None
        times = [image.transitioned_at]
    if rule.count_type == "sinceImagePulled" and image.pulled_at:
        times = [image.pulled_at]
    if rule.count_type == "sinceImageTagged" and image.tagged_at:
        times.append(image.tagged_at)
    if image.activated_at:
        times.append(image.activated_at)
    return max(times)


def _is_marked(rule: Rule, image: ImageFacts, images: Sequence[ImageFacts], now: datetime) -> bool:
    if rule.action == "retain":
        return False
    own = _since(rule, image)
    if rule.count_type == "imageCountMoreThan":
        newer = [
            each for each in images if _matches(rule, each) and (_since(rule, each), each.digest) > (own, image.digest)
        ]
        return len(newer) >= rule.count
    return own is not None and now - own > timedelta(days=rule.count)


def _must_stay(
    image: ImageFacts, images: Sequence[ImageFacts], found: dict[str, tuple[str, int]], attached: set[str]
) -> bool:
    if image.digest in attached and image.subject not in found:
        return True
    action = found[image.digest][0]
    for index in images:
        if image.digest in index.children and index.digest != image.digest:
            its = found.get(index.digest, ("", 0))[0]
            is_archived = its == "transition" or index.storage_class == "archive"
            if its != "expire" and not (action == "transition" and is_archived):
                return True
    return False
