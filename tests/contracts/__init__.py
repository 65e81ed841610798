"""Suites that every implementation of a protocol is put to; its own tests take them in."""

import pytest

pytest.register_assert_rewrite("tests.contracts.storage_driver")
