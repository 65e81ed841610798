"""YAML within limits."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.content import yaml_texts
from registry.content.yaml_texts import YamlUnreadable

VALUES = """\
# Above all

# -- How many copies run
# of the program
replicas: 2
image:
  repository: shop/app  # behind
  tag: ""
  # Pull it?
  pullPolicy: null
list:
  - name: a
    on: true
  - [1, 2]
empty: {}
none: []
a.b: "3"
anchor: &x {c: 1}
alias: *x
"""


def test_entries_have_paths_lines_values_and_comments() -> None:
    found = {entry.path: entry for entry in yaml_texts.entries(VALUES)}
    assert found["replicas"].comment == "How many copies run\nof the program"
    assert (found["replicas"].line, found["replicas"].kind, found["replicas"].value) == (5, "number", "2")
    assert (found["image"].kind, found["image"].value, found["image"].depth) == ("map", "", 1)
    assert (found["image.tag"].kind, found["image.tag"].value) == ("text", "")
    assert (found["image.pullPolicy"].kind, found["image.pullPolicy"].comment) == ("null", "Pull it?")
    assert (found["list[0].on"].kind, found["list[1][1]"].value) == ("boolean", "2")
    assert (found["empty"].value, found["none"].value) == ("{}", "[]")
    assert found["a\\.b"].kind == "text" and found["alias"].value == "*x" and found["anchor.c"].value == "1"


def test_values_are_loaded() -> None:
    assert yaml_texts.load("a: [1, x]\n---\nb: 1") == {"a": [1, "x"]}
    assert yaml_texts.load("") is None


MERGED = f"a0: &a0 {{{', '.join(f'k{n}: 1' for n in range(4000))}}}\n" + "".join(
    f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 4)}]}}\n" for n in range(1, 5)
)


def test_what_is_merged_stays_small() -> None:
    began = process_time()
    with pytest.raises(YamlUnreadable, match="merges too much"):
        yaml_texts.load(MERGED)
    assert process_time() - began < 1
    assert yaml_texts.load("a: &a {x: 1}\nb: {<<: *a, y: 2}\nc: {<<: [*a], x: 3}")["b"] == {"x": 1, "y": 2}


BOMB = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))


@pytest.mark.parametrize(
    "text",
    [
        "a: [",
        "a: b: c",
        "\t",
        "@",
        "[" * 100_000,
        "- " * 100_000,
        "a: " + "{b: " * 100,
        BOMB,
        "a: !!python/object/apply:os.system [x]",
        "a: !unknown x",
        "x" * (yaml_texts.LARGEST + 1),
        "a: 2026-99-99",
        "? {a: 1}\n: b",
        "\x00",
        "[" + "a," * 300_000 + "]",
    ],
)
def test_it_refuses_what_can_not_be_read(text: str) -> None:
    with pytest.raises(YamlUnreadable):
        yaml_texts.load(text)


def test_a_bomb_is_walked_through_but_not_expanded() -> None:
    assert len(yaml_texts.entries(BOMB)) < 200


def test_entries_stay_small() -> None:
    deep = "".join(f"{'  ' * n}{'k' * 400}:\n" for n in range(40))
    assert all(len(entry.path) <= yaml_texts.LONGEST_PATH + 1 for entry in yaml_texts.entries(deep))
    many = "# " + "c" * 3000 + "\n[" + "a," * 30_000 + "]"
    found = yaml_texts.entries(many)
    assert len(found) == yaml_texts.MOST_ENTRIES and sum(len(entry.comment) for entry in found) < 5000


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    for read in (yaml_texts.load, yaml_texts.entries):
        try:
            read(text)
        except YamlUnreadable:
            continue
