"""`python -m tests.benchmarks.search [--listings N]`: how long the gallery's search takes over many repositories.

Rows are seeded, so that each run has the same: words as people name software, a few of them in most names. Every
question is asked ten times in this process, the database warm, on SQLite and on PostgreSQL; the median counts.
"""

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import Final

SEED: Final = 7
TIMES: Final = 10
WORDS: Final = """
    app web api gateway proxy cache queue worker agent operator controller exporter server client runtime base builder
    scanner registry storage backup restore metrics logs traces alerts dashboard auth identity secrets vault policy mail
    search index crawler parser editor viewer player encoder stream batch cron scheduler model training inference vision
    speech chat graph table sheet ledger billing invoice payment shop cart catalog warehouse shipping tracker planner
    calendar notes wiki forum blog feed news weather maps route fleet sensor device bridge tunnel mesh router switch
    nginx redis postgres mysql mongo kafka rabbit elastic minio consul etcd python node golang rust java dotnet ruby php
""".split()  # noqa: SIM905 - a list of a hundred quoted words is harder to read
QUESTIONS: Final = (
    ("everything", ""),
    ("an exact name", "q=nginx-operator-77"),
    ("half a word of a description", "q=arehous"),
    ("two words", "q=nginx+exporter"),
    ("a word of a tenth of all", "q=redis"),
    ("a word of most of them", "q=software"),
    ("two letters", "q=ng"),
    ("a word typed wrong", "q=ngnix"),
    ("one architecture", "arch=ARM"),
    ("words and three facets", "q=proxy&arch=ARM+64&kind=image&verified=yes"),
    ("three facets", "arch=ARM+64&kind=chart&category=databases"),
    ("a facet and the name", "kind=chart&sort=name"),
    ("the last page", "sort=updated&page=50"),
    ("suggestions", "!ngi"),
)


def listings(total: int) -> Iterator[dict[str, object]]:
    """Rows of the same kind as those of a real gallery."""
    from datetime import timedelta

    from django.utils import timezone

    from gallery.catalog.categories import CATEGORIES
    from gallery.search import facets
    from gallery.search.folding import fold

    chance = random.Random(SEED)
    now = timezone.now()
    weights = [1 / (place + 1) ** 0.7 for place in range(len(WORDS))]
    for number in range(total):
        one, two, three = chance.choices(WORDS, weights, k=3)
        name = f"{one}-{two}-{number % 1000}" if number % 3 else f"{three}/{one}-{number}"
        alias = f"publisher{number % 2000}"
        text = " ".join(chance.choices(WORDS, weights, k=12))
        described = f"Software for {one} and {two}: {text}"
        systems = ["Linux"] if number % 20 else ["Linux", "Windows"]
        architectures = chance.choice([["x86-64"], ["x86-64", "ARM 64"], ["x86-64", "ARM 64", "ARM"]])
        categories = [chance.choice(list(CATEGORIES))]
        fields = {
            "alias": alias,
            "name": name,
            "publisher": f"Publisher {number % 2000}",
            "publisher_folded": f"publisher {number % 2000}",
            "description": described,
            "kind": chance.choice(["image"] * 8 + ["chart", "artifact"]),
            "newest_tag": "1.0",
            "licence": chance.choice(["", "MIT", "Apache-2.0", "BSD-3-Clause", "GPL-3.0-only"]),
            "categories": categories,
            "operating_systems": systems,
            "architectures": architectures,
            "is_verified": number % 2000 < 50,
            "is_signed": number % 10 == 0,
            "has_sbom": number % 15 == 0,
            "is_deprecated": number % 50 == 0,
            "recent_pull_count": int(chance.paretovariate(1)),
            "pull_count": int(chance.paretovariate(0.8) * 10),
            "updated_at": now - timedelta(minutes=chance.randrange(60 * 24 * 700)),
            "search_text": fold(f"{alias}/{name} Publisher {number % 2000} {described} {text}"),
        }
        yield fields | {"facet_bits": facets.bits(fields)}


def seed(total: int) -> None:
    """Fill an empty database."""
    from django.db import connection

    from accounts.directory import accounts
    from gallery.models import FacetSet, Listing, Term
    from gallery.search import index
    from registry.models import Repository

    account = accounts.create("Benchmark", "111122223333")
    first = Repository.objects.bulk_create(
        [Repository(account_id=account.id, region="public", name=f"r-{number}") for number in range(total)],
        batch_size=2000,
    )
    rows = [Listing(repository=repository, **fields) for repository, fields in zip(first, listings(total), strict=True)]
    Listing.objects.bulk_create(rows, batch_size=1000)
    FacetSet.objects.bulk_create([FacetSet(bits=each) for each in {row.facet_bits for row in rows}])
    Term.objects.bulk_create([Term(word=word) for word in WORDS if len(word) > 2], ignore_conflicts=True)
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("INSERT INTO gallery_listing_text (rowid, text) SELECT id, search_text FROM gallery_listing")
        cursor.execute("ANALYZE" if connection.vendor == "sqlite" else "VACUUM ANALYZE")
    index.count_all()


def measure(total: int) -> None:
    """Seed, ask, print one line for each question: milliseconds and matches."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.http import QueryDict

    from gallery.search import query, questions

    call_command("migrate", verbosity=0)
    seed(total)
    for name, text in QUESTIONS:
        took, found = [], ""
        for _ in range(TIMES):
            started = time.perf_counter()
            if text.startswith("!"):
                found = f"{len(query.suggestions(text[1:]))}"
            else:
                results = query.find(questions.parse(QueryDict(text)))
                found = f"{'more than ' if results.is_many else ''}{results.total}"
            took.append((time.perf_counter() - started) * 1000)
        print(f"{name}\t{statistics.median(took):.1f}\t{max(took):.1f}\t{found}", flush=True)


def main() -> None:
    """Measure on both databases and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--listings", type=int, default=100_000)
    parser.add_argument("--here", action="store_true", help="measure on DATABASE_URL, which has to be empty")
    options = parser.parse_args()
    if options.here:
        measure(options.listings)
        return
    from tests.clients.postgresql import PostgreSQL

    command = [sys.executable, "-m", "tests.benchmarks.search", "--here", "--listings", str(options.listings)]
    answers: dict[str, dict[str, tuple[str, str, str]]] = {}
    cluster = PostgreSQL()
    try:
        with tempfile.TemporaryDirectory() as folder:
            for name, url in (("SQLite", f"sqlite:///{folder}/kho.sqlite3"), ("PostgreSQL", cluster.create("kho"))):
                settings = {"DJANGO_SETTINGS_MODULE": "config.settings.test", "DATABASE_URL": url}
                done = subprocess.run(
                    command, env={**os.environ, **settings}, stdout=subprocess.PIPE, text=True, check=True
                )
                for line in done.stdout.splitlines():
                    question, median, most, found = line.split("\t")
                    answers.setdefault(question, {})[name] = (median, most, found)
    finally:
        cluster.close()
    print("| question | matches | SQLite, ms | PostgreSQL, ms |\n|---|---|---|---|")
    for question, by in answers.items():
        print(f"| {question} | {by['SQLite'][2]} | {by['SQLite'][0]} | {by['PostgreSQL'][0]} |")


if __name__ == "__main__":
    main()
