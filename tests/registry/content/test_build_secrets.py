"""Secrets in commands of a build: found where builds have them, and nothing else hidden."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.content.build_secrets import DOTS, masked

SECRETS = {
    "ENV API_TOKEN=abc123": f"ENV API_TOKEN={DOTS}",
    'ENV DB_PASSWORD="two words" PATH=/bin': f'ENV DB_PASSWORD="{DOTS}" PATH=/bin',
    "ENV API_TOKEN abc 123": f"ENV API_TOKEN {DOTS}",
    "ARG password=x": f"ARG password={DOTS}",
    "RUN |2 A=b NPM_TOKEN=s3cret make": f"RUN |2 A=b NPM_TOKEN={DOTS} make",
    "RUN docker build --build-arg PASSWORD=hush .": f"RUN docker build --build-arg PASSWORD={DOTS} .",
    'RUN curl -H "Authorization: Bearer abc.def" https://x': f'RUN curl -H "Authorization: Bearer {DOTS}" https://x',
    "RUN curl -H 'authorization: Basic YTpi' x": f"RUN curl -H 'authorization: Basic {DOTS}' x",
    'RUN curl --header "PRIVATE-TOKEN: abc" x': f'RUN curl --header "PRIVATE-TOKEN: {DOTS}" x',
    "RUN login --password hush --user bo": f"RUN login --password {DOTS} --user bo",
    "RUN login --password='a b'; ls": f"RUN login --password='{DOTS}'; ls",
    "RUN export SECRET=x&&make": f"RUN export SECRET={DOTS}&&make",
    "RUN mysql -u root -phush -e 'SELECT 1'": f"RUN mysql -u root -p{DOTS} -e 'SELECT 1'",
    "RUN curl -u bo:hush x": f"RUN curl -u bo:{DOTS} x",
    "RUN git clone https://bo:hush@example.com/x.git": f"RUN git clone https://bo:{DOTS}@example.com/x.git",
    "RUN aws AKIAABCDEFGHIJKLMNOP x": f"RUN aws {DOTS} x",
    "RUN echo ghp_abcdefghijklmnopqrstuvwxyz0123 > f": f"RUN echo {DOTS} > f",
    "RUN echo '-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY-----' > f": f"RUN echo '{DOTS}' > f",
    "RUN echo '-----BEGIN PRIVATE KEY-----\nMII": f"RUN echo '{DOTS}",
    "ENV TOKEN=AKIAABCDEFGHIJKLMNOP": f"ENV TOKEN={DOTS}",
    "ENV A_TOKEN=x B_TOKEN=y": f"ENV A_TOKEN={DOTS} B_TOKEN={DOTS}",
    'RUN npm set "//npm.example.com/:_authToken=abc"': f'RUN npm set "//npm.example.com/:_authToken={DOTS}"',
}
HARMLESS = (
    "",
    "RUN apt-get install -y curl",
    "ENV TOKEN_FILE=/run/secrets/token",
    "ENV PASSWORD=",
    'ENV PASSWORD=""',
    'RUN curl -H "Authorization: Bearer $TOKEN" x',
    "RUN login --password ${PASSWORD} --token=$(cat /run/t)",
    "RUN --mount=type=secret,id=token make",
    "RUN docker run -u 1000:1000 x",
    "COPY --chown=bo:bo token.go password.txt /src/",
    'CMD ["nginx" "-g" "daemon off;"]',
    "ENV KEYBOARD=us COMPASS=north",
    "RUN echo secret",
    "RUN mysql -u root -p < dump.sql && mkdir -p/srv",
    "RUN mysql -uroot -p$PASSWORD",
)


@pytest.mark.parametrize("command", SECRETS)
def test_it_works_to_hide(command: str) -> None:
    assert masked(command) == SECRETS[command]


@pytest.mark.parametrize("command", HARMLESS)
def test_it_leaves_the_rest(command: str) -> None:
    assert masked(command) == ""


@given(st.text())
def test_any_text_is_taken(command: str) -> None:
    found = masked(command)
    assert not found or DOTS in found


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "a=",
        'a="',
        "-eyJ",
        "--a ",
        "-u a:",
        "a: ",
        "://a:",
        "-----BEGIN ",
        "token=",
        "authorization: ",
        "\\",
        "mysql ",
    ],
)
def test_long_commands_take_no_long_time(piece: str) -> None:
    started = time.process_time()
    masked(piece * (8192 // len(piece)))
    assert time.process_time() - started < 0.5
