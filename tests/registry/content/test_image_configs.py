"""Configs of images, those that builders write and those that nobody should."""

import json
from time import process_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.content import image_configs
from registry.content.image_configs import HealthCheck, Problem, Step, Variable

BUILT = {
    "os": "linux",
    "architecture": "arm64",
    "variant": "v8",
    "created": "2026-01-02T03:04:05.123456789Z",
    "config": {
        "Entrypoint": ["/entry.sh"],
        "Cmd": ["serve", "--port", "80"],
        "User": "www:www",
        "WorkingDir": "/srv",
        "ExposedPorts": {"80/tcp": {}, "443/tcp": {}},
        "Volumes": {"/data": {}},
        "Env": ["PATH=/bin", "EMPTY=", "FLAG", "DB_PASSWORD=hunter2", "URL=postgres://u:p@h/d"],
        "Labels": {"b": "2", "a": "1"},
        "Healthcheck": {"Test": ["CMD-SHELL", "curl -f x"], "Interval": 30_000_000_000, "Timeout": 0, "Retries": 3},
        "StopSignal": "SIGQUIT",
        "OnBuild": ["COPY . /srv", "RUN login --password hush"],
    },
    "history": [
        {"created_by": "/bin/sh -c #(nop) ADD file:1 in / "},
        {"created_by": "RUN /bin/sh -c apt-get update # buildkit", "comment": "buildkit.dockerfile.v0"},
        {"created_by": "RUN |1 VERSION=3 /bin/sh -c make # buildkit"},
        {"created_by": "ENV A=1", "empty_layer": True},
        {"created_by": "/bin/sh -c true"},
        {},
    ],
}


def read(body: Any) -> image_configs.ImageConfig:
    return image_configs.read(json.dumps(body).encode())


def test_it_reads_what_builders_write() -> None:
    config = read(BUILT)
    assert (config.problem, config.os, config.architecture, config.variant) == ("", "linux", "arm64", "v8")
    assert (config.entrypoint, config.command) == (("/entry.sh",), ("serve", "--port", "80"))
    assert (config.user, config.runs_as_root, config.working_dir) == ("www:www", False, "/srv")
    assert (config.ports, config.volumes, config.stop_signal) == (("80/tcp", "443/tcp"), ("/data",), "SIGQUIT")
    assert [step.masked or step.command for step in config.on_build] == [
        "COPY . /srv",
        "RUN login --password ••••••••",
    ]
    assert list(config.labels.items()) == [("a", "1"), ("b", "2")]
    assert config.health_check == HealthCheck("curl -f x", "30s", "", "", "3")
    assert config.environment[:3] == (
        Variable("PATH", "/bin", False),
        Variable("EMPTY", "", False),
        Variable("FLAG", "", False),
    )
    assert [each.looks_secret for each in config.environment] == [False, False, False, True, True]
    assert config.has_secrets


def test_steps_read_like_the_build_file() -> None:
    assert [step.command for step in read(BUILT).steps] == [
        "ADD file:1 in /",
        "RUN apt-get update",
        "RUN |1 VERSION=3 make",
        "ENV A=1",
        "RUN true",
        "",
    ]


def test_steps_belong_to_layers() -> None:
    steps = read(BUILT).steps
    made = image_configs.steps_of_layers(steps, 5)
    assert [step.command for step in made if step] == [
        "ADD file:1 in /",
        "RUN apt-get update",
        "RUN |1 VERSION=3 make",
        "RUN true",
        "",
    ]
    assert image_configs.steps_of_layers(steps, 4) == [None] * 4
    assert image_configs.steps_of_layers([], 2) == [None, None]


@pytest.mark.parametrize("user", ["", "0", "root", "root:root", "0:0"])
def test_who_names_no_user_is_root(user: str) -> None:
    assert read({"config": {"User": user}}).runs_as_root


@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [
        ("API_KEY", "x", True),
        ("github-token", "x", True),
        ("MYSQL_ROOT_PASSWORD", "x", True),
        ("PASSWORD_FILE", "/run/secrets/x", False),
        ("TOKEN_URL", "https://a", False),
        ("GPG_KEY", "ABCDEF", False),
        ("AUTHOR", "me", False),
        ("X", "AKIAIOSFODNN7EXAMPLE", True),
        ("X", "-----BEGIN RSA PRIVATE KEY-----", True),
        ("MONKEY", "banana", False),
    ],
)
def test_what_looks_like_a_secret(name: str, value: str, secret: bool) -> None:
    assert read({"config": {"Env": [f"{name}={value}"]}}).environment[0].looks_secret is secret


def test_older_forms_are_read() -> None:
    config = read({"config": {"Cmd": "sh", "ExposedPorts": ["80"], "Healthcheck": {"Test": ["NONE"]}}})
    assert (config.command, config.ports, config.health_check) == (("sh",), ("80",), None)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", Problem.NOT_JSON),
        (b"\xff\xfe", Problem.NOT_JSON),
        (b"[" * 100_000, Problem.NOT_JSON),
        (b'{"a":' * 100_000, Problem.NOT_JSON),
        (b"[]", Problem.NOT_AN_OBJECT),
        (b"null", Problem.NOT_AN_OBJECT),
        (b'"text"', Problem.NOT_AN_OBJECT),
    ],
)
def test_it_refuses_what_is_no_config(content: bytes, problem: Problem) -> None:
    assert image_configs.read(content).problem == problem
    assert isinstance(image_configs.indented(content), str)


def test_giants_are_cut() -> None:
    config = read(
        {
            "history": [{"created_by": "x" * 100_000}] * 5000,
            "config": {"Env": ["A=b"] * 5000, "Labels": {str(number): "x" for number in range(5000)}},
        }
    )
    assert len(config.steps) == image_configs.MOST_STEPS and len(config.steps[0].command) < 10_000
    assert len(config.environment) == len(config.labels) == image_configs.MOST_ENTRIES


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
KEYS = st.sampled_from(["Env", "Cmd", "Labels", "ExposedPorts", "Healthcheck", "User", "Test", "Interval", "OnBuild"])
HISTORY = st.sampled_from(["created_by", "empty_layer", "comment", "created"])


@given(st.dictionaries(KEYS, ANYTHING), st.lists(st.dictionaries(HISTORY, ANYTHING) | ANYTHING), ANYTHING)
def test_any_json_is_read(config: Any, history: Any, other: Any) -> None:
    made = read({"config": config, "history": history, "os": other, "created": other})
    assert all(isinstance(step, Step) for step in made.steps) and made.problem == ""


def test_a_history_without_an_end_is_cut_before_secrets_are_looked_for_in_it() -> None:
    """Else each look at a page of the image would take its server a minute."""
    command, began = "mysql " * 1300, process_time()
    config = read({"history": [{"created_by": command}] * 400, "config": {"OnBuild": [command] * 400}})
    assert process_time() - began < 10
    assert len(config.steps) == len(config.on_build) == 400 and all(step.has_layer for step in config.steps)
    assert config.steps[0].command == command.strip() and config.steps[-1].command == "…"


def test_what_would_grow_without_an_end_is_not_indented() -> None:
    """Each line of what is nested begins with as many blanks: 400 kB would be 300 MB, in the memory of a web worker."""
    content = b"[" * 800 + b"0," * 200_000 + b"0" + b"]" * 800
    began = process_time()
    assert image_configs.indented(content) == content.decode()
    assert process_time() - began < 3
    assert image_configs.indented(b'{"a":[1]}') == '{\n  "a": [\n    1\n  ]\n}'
