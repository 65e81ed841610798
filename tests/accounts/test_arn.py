"""ARNs are read as they are written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.iam import arn
from accounts.iam.arn import Arn

PART = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", max_size=12)


@given(PART.filter(bool), PART, PART, st.text(min_size=1, max_size=30))
def test_arns_are_read_as_they_are_written(service: str, region: str, account: str, resource: str) -> None:
    made = Arn(service, region, account, resource)
    assert Arn.parse(str(made)) == made


@pytest.mark.parametrize(
    "text", ["", "arn", "arn:aws:ecr:us-east-1:1", "urn:a:b:c:d:e", "arn:aws::r:a:b", "arn:aws:s:r:a:", "arn::s:r:a:b"]
)
def test_it_refuses_what_is_no_arn(text: str) -> None:
    with pytest.raises(ValueError, match="not an ARN"):
        Arn.parse(text)


def test_principals_are_named_as_iam_names_them() -> None:
    assert str(arn.root("111122223333")) == "arn:aws:iam::111122223333:root"
    assert str(arn.user("111122223333", "a")) == "arn:aws:iam::111122223333:user/a"
    assert str(arn.role("111122223333", "r")) == "arn:aws:iam::111122223333:role/r"
    assert str(arn.assumed_role("111122223333", "r", "a@b")) == "arn:aws:sts::111122223333:assumed-role/r/a@b"
