"""Components know what they are given, and what takes reckoning reckons well."""

import base64
import re
from datetime import date

import pytest
from django import forms
from django.template import Context, RequestContext, Template, TemplateDoesNotExist
from django.test import RequestFactory

from registry.templatetags import components


def shown(source: str, path: str = "/", **values: object) -> str:
    """What a template makes of values, at an address."""
    text = "{% load i18n kho components %}" + source
    return str(Template(text).render(RequestContext(RequestFactory().get(path), values)))


class Shelf(forms.Form):
    """One field of each kind."""

    name = forms.CharField(label="Name", max_length=20, help_text="Where it stands.")
    note = forms.CharField(label="Note", required=False, widget=forms.Textarea)
    is_cold = forms.BooleanField(label="Cold", required=False, help_text="Below zero.")
    size = forms.ChoiceField(label="Size", choices=[("s", "Small"), ("l", "Large")], widget=forms.RadioSelect)
    secret = forms.CharField(widget=forms.HiddenInput, required=False)


def test_it_works_to_show_a_component_with_its_values_only() -> None:
    text = shown('{% component "button" label="Save" %}', name="team/app", form="<b>", url="/elsewhere")
    assert text == '<button class="button" type="submit">Save</button>\n'
    assert 'href="/there"' in shown('{% component "button" label="Go" url="/there" icon="right" %}')
    assert "&lt;b&gt;" in shown('{% component "badge" text=text %}', text="<b>")


def test_frames_hold_their_content() -> None:
    text = shown(
        '{% frame "tabs" label="Shelf" %}{% component "tab" label="One" url="/1" is_current=True count=12000 %}'
        '{% component "tab" label="Two" url="/2" %}{% endframe %}'
    )
    assert text.count("<li>") == 2 and text.count('aria-current="page"') == 1 and ">12.0k<" in text
    asking = shown(
        '{% frame "confirm" title="Delete?" button="Delete it" back="/b" typed="a/b" form=form %}'
        "<i>x</i>{% endframe %}",
        form=Shelf(),
        csrf_token="token",
    )
    assert "<i>x</i>" in asking and "Type a/b to confirm" in asking and "csrfmiddlewaretoken" in asking
    assert asking.index('href="/b"') < asking.index("Delete it"), "the way out comes first"


def test_it_refuses_a_component_that_is_not_there() -> None:
    with pytest.raises(TemplateDoesNotExist):
        shown('{% component "nonsense" %}')


def test_fields_are_joined_to_their_help_and_errors() -> None:
    form = Shelf({"name": "x" * 21, "size": "s"})
    text = str(form["name"].as_field_group())
    assert 'aria-describedby="id_name_helptext id_name_error"' in text and 'aria-invalid="true"' in text
    assert 'id="id_name_error"' in text and 'id="id_name_helptext"' in text and 'for="id_name"' in text
    assert "(optional)" in form["note"].as_field_group() and "(optional)" not in text
    assert 'class="check"' in form["is_cold"].as_field_group()
    radios = form["size"].as_field_group()
    assert radios.count('type="radio"') == 2 and "<legend" in radios
    assert "<label" not in form["secret"].as_field_group()


def test_errors_are_summed_up_with_links_to_the_fields() -> None:
    text = shown('{% component "error_summary" form=form title="Not saved" %}', form=Shelf({"size": "s"}))
    assert 'href="#id_name"' in text and 'role="alert"' in text and "Not saved" in text
    assert not shown('{% component "error_summary" form=form %}', form=Shelf()).strip()


@pytest.mark.parametrize(
    ("asked", "order", "url"),
    [
        ("", "descending", "?q=a&amp;sort=-pushed"),
        ("sort=-pushed", "ascending", "?q=a"),
        ("sort=name", "", "?q=a"),
    ],
)
def test_heads_of_columns_say_how_the_table_is_sorted(asked: str, order: str, url: str) -> None:
    source = '{% sort_header "Pushed" "pushed" reverse="-pushed" is_default=True is_descending=True %}'
    text = shown(source, f"/?q=a&after=9&{asked}")
    assert f'href="{url}"' in text
    assert (f'aria-sort="{order}"' in text) == bool(order)


def test_a_column_that_is_sorted_one_way_only() -> None:
    assert 'href="?sort=name"' in shown('{% sort_header "Name" "name" %}')
    now = shown('{% sort_header "Name" "name" is_number=True %}', "/?sort=name")
    assert 'aria-sort="ascending"' in now and 'class="num"' in now and 'href="?sort=name"' in now


@pytest.mark.parametrize(
    ("page", "pages", "numbers"),
    [
        (1, 1, [1]),
        (1, 9, [1, 2, 3, 0, 9]),
        (5, 9, [1, 2, 3, 4, 5, 6, 7, 8, 9]),
        (25, 50, [1, 0, 23, 24, 25, 26, 27, 0, 50]),
        (50, 50, [1, 0, 48, 49, 50]),
    ],
)
def test_pagers_show_the_ends_and_what_is_near(page: int, pages: int, numbers: list[int]) -> None:
    assert components.page_numbers(page, pages) == numbers


def test_graphs_have_a_table() -> None:
    source = '{% bar_graph points title="Pulls" label="Day" unit="Pulls" %}'
    text = shown(source, points=[("1 May", 0), ("2 May", 1), ("3 May", 3000)])
    assert re.findall(r'height="(\d+)"', text) == ["1", "100"]
    assert "3,001 in all" in text and text.count("<tr>") == 5
    assert "<figcaption>Pulls<" in text
    headed = shown(source.replace('unit="Pulls"', 'unit="Pulls" is_headed=True'), points=[("1 May", 1)])
    assert '<figcaption class="visually-hidden">Pulls<' in headed
    assert "<svg" not in shown(source, points=[]) and "<svg" not in shown(source, points=[("1 May", 0)])


def test_severities_stand_on_each_other() -> None:
    before, after = ({"CRITICAL": count, "HIGH": 0, "LOW": 1} for count in (0, 3))
    days = [(date(2026, 5, 1), before), (date(2026, 5, 2), before), (date(2026, 5, 3), after)]
    text = shown('{% severity_graph days title="Findings" %}', days=days)
    parts = re.findall(r'class="(\w+)" x="(\d+)" y="([\d.]+)" width="10" height="([\d.]+)"', text)
    low = [("low", "0", "75.00", "25.00"), ("low", "10", "75.00", "25.00")]
    assert parts == [*low, ("critical", "20", "25.00", "75.00"), ("low", "20", "0.00", "25.00")]
    assert text.index("Critical") < text.index("Low") and text.count("<tr>") == 3


def test_code_has_lines_that_links_lead_to() -> None:
    text = shown('{% code text label="values.yaml" prefix="V" %}', text="a: <b>\nb: 2\n")
    assert re.findall(r'id="(V\d+)"', text) == ["V1", "V2"] and "&lt;b&gt;" in text


def test_a_secret_s_file_is_in_the_page() -> None:
    link = components.csv_link(access_key_id="AK", secret='a"b')
    assert base64.b64decode(link.rpartition(",")[2]).decode() == 'access key id,secret\r\nAK,"a""b"\r\n'


@pytest.mark.parametrize("state", ["waiting", "running", "done", "partial", "failed", "cancelled"])
def test_works_are_asked_about_while_they_run(state: str) -> None:
    text = shown('{% component "work" title="Copy" state=s done=3 total=9 failed=1 url="/w" %}', s=state)
    assert ("hx-get" in text) == (state in {"waiting", "running"})
    assert "3 of 9" in text and "1 failed" in text


def test_components_stay_outside_of_bare_contexts() -> None:
    with pytest.raises(Exception, match="outside a template"):
        components.component(Context(), "badge")
