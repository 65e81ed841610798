"""How pages write sizes, counts, digests and times."""

from datetime import timedelta

import pytest
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import formats, timezone, translation

from registry.templatetags import kho


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (None, "0 B"),
        (999, "999 B"),
        (1000, "1.00 kB"),
        (67_249_000, "67.2 MB"),
        (999_600, "1.00 MB"),
        (10**15, "1.00 PB"),
    ],
)
def test_sizes_are_decimal_with_three_digits(count: int | None, text: str) -> None:
    assert kho.size(count) == text


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0"), (None, "0"), (9999, "9,999"), (12_345, "12.3k"), (4_560_000, "4.6M")]
)
def test_counts_are_exact_while_small(count: int | None, text: str) -> None:
    assert kho.short_count(count) == text


def test_vietnamese_has_its_own_marks() -> None:
    with translation.override("vi"):
        assert kho.size(67_249_000) == "67,2 MB"
        assert kho.short_count(12_345) == "12,3 nghìn"
        assert kho.short_count(9_999) == "9.999"


def test_digests_are_cut() -> None:
    assert kho.short_digest("sha256:" + "a" * 64) == "sha256:" + "a" * 12


@pytest.mark.parametrize(
    ("user_agent", "text"),
    [
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36",
            "Chrome on Linux",
        ),
        ("aws-cli/2.31.0 md/awscrt#0.27.6 ua/2.1 os/linux#6.1 lang/python#3.13.7", "aws-cli/2.31.0"),
        ("docker/28.5.1 go/go1.24.8 UpstreamClient(Docker-Client/28.5.1 \\(linux\\))", "docker/28.5.1"),
        ("manage.py", "manage.py"),
        ("a program of mine", "a program of mine"),
    ],
)
def test_programs_are_named_in_short(user_agent: str, text: str) -> None:
    assert kho.client(user_agent) == text


def test_times_are_relative_for_a_while() -> None:
    now = timezone.now()
    assert kho.moment(None) == "Never"
    for passed, text in (
        ({"seconds": 59}, "just now"),
        ({"minutes": 1}, "1 minute ago"),
        ({"hours": 3, "minutes": 59}, "3 hours ago"),
        ({"days": 29, "hours": 23}, "29 days ago"),
    ):
        assert f">{text}<" in kho.moment(now - timedelta(**passed))
    assert "ago" not in kho.moment(now + timedelta(days=1)) and "now" not in kho.moment(now + timedelta(days=1))
    assert "2020" in kho.moment(now.replace(year=2020))
    assert "UTC</time>" in kho.moment(now, absolute=True)
    assert f">{formats.date_format(now, 'DATE_FORMAT')}</time>" in kho.moment(now, day=True)


def test_a_day_stands_without_its_time() -> None:
    at = timezone.now().replace(year=2026, month=11, day=27)
    assert ">27 Nov 2026<" in kho.moment(at, day=True) and 'datetime="2026-11-27T' in kho.moment(at, day=True)
    with translation.override("vi"):
        assert ">27/11/2026<" in kho.moment(at, day=True)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("repository/departments/shelf-service", ["repository/", "departments/", "shelf-", "service"]),
        ("CreateOpenIDConnectProvider", ["Create", "Open", "IDConnect", "Provider"]),
        ("2001:db8:85a3:8d3", ["2001:", "db8:", "85a3:", "8d3"]),
        ("ana@example.com", ["ana@", "example.", "com"]),
        ("root", ["root"]),
        ("", [""]),
    ],
)
def test_long_names_may_break_between_their_words(text: str, parts: list[str]) -> None:
    assert kho.breakable(text).split("<wbr>") == parts


def test_names_that_may_break_are_escaped() -> None:
    assert kho.breakable("<a>/b") == "&lt;a&gt;/<wbr>b"


def test_queries_keep_what_they_don_t_change() -> None:
    request = RequestFactory().get("/?q=a&after=b")
    template = Template("{% load kho %}{% query after=None %}|{% query page=2 %}|{% query q='' after='' %}")
    assert template.render(Context({"request": request})) == "?q=a|?q=a&amp;after=b&amp;page=2|?"
