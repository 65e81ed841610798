"""Lines of the log, in both forms."""

import sys

import pytest

from config.logging import Form, renderers


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_traceback_says_where_and_never_what_variables_held(form: Form) -> None:
    password = "correct-" + "horse"
    try:
        raise ValueError("this went wrong" if password else "")
    except ValueError:
        line = {"event": "request crashed", "exc_info": sys.exc_info()}
    told = None
    for render in renderers(form):
        line = told = render(None, "error", line)
    assert "this went wrong" in str(told) and "test_logging.py" in str(told)
    assert "correct-horse" not in str(told)
