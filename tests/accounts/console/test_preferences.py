"""Language, colours, time zone, shortcuts: in cookies, and with the person."""

import pytest
from django.test import Client

from accounts.models import Person
from tests.accounts.console.conftest import sign_in


def test_it_works_without_signing_in(client: Client, db: None) -> None:
    client.post("/account/preferences/theme", {"theme": "dark", "next": "/search"})
    assert b'data-theme="dark"' in client.get("/search").content
    answer = client.post("/account/preferences/theme", {"theme": "", "next": "https://evil.example.com"})
    assert answer.headers["Location"] == "/"
    assert b"data-theme" not in client.get("/search").content
    client.cookies["kho_theme"] = "nonsense"
    assert b"data-theme" not in client.get("/search").content
    client.post("/account/preferences/language", {"language": "vi", "next": "/search"})
    assert "Tìm kiếm" in client.get("/search").content.decode()
    assert client.get("/account/preferences/theme").status_code == 405


def test_it_works_for_a_person_on_every_device(client: Client, ana: Person) -> None:
    sign_in(client)
    wanted = {"language": "vi", "theme": "dark", "time_zone": "Asia/Ho_Chi_Minh"}
    assert client.post("/account/preferences", wanted).headers["Location"] == "/account/preferences"
    ana.refresh_from_db()
    assert (ana.language, ana.time_zone, ana.has_shortcuts) == ("vi", "Asia/Ho_Chi_Minh", False)
    page = client.get("/account/profile").content.decode()
    assert 'lang="vi"' in page and 'data-theme="dark"' in page and 'data-shortcuts="off"' in page and "+07" in page
    other = Client()
    sign_in(other)
    assert 'lang="vi"' in other.get("/account/profile").content.decode()


def test_the_language_of_the_footer_is_kept_with_the_person(client: Client, ana: Person) -> None:
    sign_in(client)
    client.post("/account/preferences/language", {"language": "vi", "next": "/account/profile"})
    ana.refresh_from_db()
    assert ana.language == "vi"
    client.post("/account/preferences/language", {"language": "xx", "next": "/account/profile"})
    ana.refresh_from_db()
    assert ana.language == "vi"


@pytest.mark.parametrize("change", [{"time_zone": "Mars/Olympus"}, {"time_zone": "../../etc"}, {"language": "xx"}])
def test_it_refuses_what_is_not_known(client: Client, ana: Person, change: dict[str, str]) -> None:
    sign_in(client)
    answer = client.post("/account/preferences", {"language": "en"} | change)
    assert answer.status_code == 422 and "<title>Error:" in answer.content.decode()
    ana.refresh_from_db()
    assert ana.time_zone == "" and ana.language == ""
