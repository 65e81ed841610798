"""Settings are read with their type, and a bad value ends the start with one line."""

from pathlib import Path

import pytest

from config import env, logging
from config.env import BadSetting
from config.settings.database import parse


def test_it_works(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("A", "7")
    assert (env.text("A"), env.integer("A", 1), env.integer("B", 1)) == ("7", 7, 1)
    monkeypatch.setenv("FLAG", "off")
    assert env.boolean("FLAG", True) is False and env.boolean("B", True) is True
    monkeypatch.setenv("WORDS", "a, b ,c")
    assert env.words("WORDS") == ("a", "b", "c") and env.words("B") == ()
    (tmp_path / "secret").write_text(" value \n")
    monkeypatch.setenv("SECRET_FILE", str(tmp_path / "secret"))
    assert env.text("SECRET") == "value"
    assert env.matching("B", "", "x", "x") == ""
    monkeypatch.setenv("PROXIES", "10.1.2.3, 192.168.0.1/16,::1")
    assert env.networks("PROXIES") == ("10.1.2.3/32", "192.168.0.0/16", "::1/128") and env.networks("B") == ()


@pytest.mark.parametrize(
    ("values", "read", "words"),
    [
        ({}, "env.text('A')", "kho: the setting A is required."),
        ({"A": "x"}, "env.integer('A', 1, most=5)", "'x', but takes a whole number from 0 to 5."),
        ({"A": "9"}, "env.integer('A', 1, most=5)", "'9', but takes a whole number from 0 to 5."),
        ({"A": "-1"}, "env.integer('A', 1)", "a whole number of at least 0."),
        ({"A": "maybe"}, "env.boolean('A', True)", "takes 1 or 0."),
        ({"A": "a,a"}, "env.words('A')", "takes a comma-separated list."),
        ({"A": "b"}, "env.matching('A', '', 'a+', 'letters a')", "takes letters a."),
        ({"A": "10.0.0.0/8,proxy"}, "env.networks('A')", "takes addresses or networks such as 10.0.0.0/8"),
        ({"A": "b", "A_FILE": "c"}, "env.text('A')", "is given twice"),
        ({"A_FILE": "/nowhere"}, "env.text('A')", "A_FILE names /nowhere, which can't be read"),
    ],
)
def test_it_refuses_in_one_line(monkeypatch: pytest.MonkeyPatch, values: dict[str, str], read: str, words: str) -> None:
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(BadSetting) as caught:
        eval(read, {"env": env})  # noqa: S307 - the cases above
    assert words in str(caught.value) and "\n" not in str(caught.value)


def test_databases_are_read_from_their_url() -> None:
    assert parse("sqlite:////srv/kho%20data/kho.sqlite3")["NAME"] == Path("//srv/kho data/kho.sqlite3")
    found = parse("postgresql://kho:p%40ss@db:5433/kho?sslmode=require")
    assert (found["USER"], found["PASSWORD"], found["HOST"], found["PORT"]) == ("kho", "p@ss", "db", "5433")
    assert found["OPTIONS"] == {"sslmode": "require"}
    for bad in ("mysql://x/y", "postgresql://host", ""):
        with pytest.raises(ValueError):  # noqa: PT011 - whatever it says, the reader above puts it into words
            parse(bad)


@pytest.mark.parametrize("form", ["json", "text"])
def test_logs_have_one_form_for_all(form: logging.Form) -> None:
    assert logging.configure(form, "info")["root"]["level"] == "INFO"
    logging.configure("text", "info")
