"""The same rows on a small and on a large Kho: many repositories, and many tags in the one that is asked for."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from tests.benchmarks import fleet, sampling
from tests.benchmarks.content import Content
from tests.benchmarks.kho import Kho
from tests.benchmarks.rows import GROWTH_ROWS, Row, Settings
from tests.benchmarks.sampling import Results, say
from tests.benchmarks.targets import REPOSITORY

SMALL: Final = "100 repositories, 10 tags each"
LARGE: Final = "100,000 repositories, 100,000 tags"
AMOUNTS: Final = {SMALL: (100, 10), LARGE: (100_000, 100_000)}
LEAST_ROUNDS: Final = 5
"""The two are alike but for a few per cent, so they need more rounds than servers that are far apart."""

GROW: Final = """
from registry.models import Image, ImageTag, Repository
ours = list(Repository.objects.filter(name=name))
for n, bench in enumerate(ours):
    Repository.objects.bulk_create(
        (
            Repository(account_id=bench.account_id, region=bench.region, name=f"team-{i % 97}/service-{i}")
            for i in range(n, repositories, len(ours))
        ),
        batch_size=1000,
    )
    image = Image.objects.get(repository=bench)
    ImageTag.objects.bulk_create(
        (ImageTag(repository=bench, name=f"build-{i}", image=image) for i in range(tags)), batch_size=1000
    )
answer = [Repository.objects.count(), min(bench.image_tags.count() for bench in ours)]
"""


class Grown(Kho):
    """A Kho with many rows, half of the repositories public, written straight to the database."""

    def fill(self, content: Content) -> None:
        """Push the image; then add repositories to the account, and tags that name the image."""
        super().fill(content)
        repositories, tags = AMOUNTS[self.name]
        self.server.stop()
        there = self.server.python(GROW, name=REPOSITORY, repositories=repositories, tags=tags)
        assert there[0] >= repositories and there[1] >= tags, there
        self.server.start()
        self.server.start_worker()


def sample(rows: Sequence[Row], settings: Settings) -> Results | None:
    """Measure those of the rows that growth might slow down; None if there are none."""
    asked = [row for row in rows if row.key in GROWTH_ROWS]
    if not asked:
        return None
    results = Results()
    folder: Path = settings.folder / "growth"
    targets = [Grown(folder / str(n), name) for n, name in enumerate(AMOUNTS)]
    say(f"{SMALL}; {LARGE}")
    with fleet.running(targets, settings.content):
        sampling.sample(asked, targets, replace(settings, rounds=max(settings.rounds, LEAST_ROUNDS)), results)
    return results
