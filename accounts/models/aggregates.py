"""Rows of a subquery as one value, for what is read together with the row that it belongs to."""

from typing import Any

from django.db.models import Aggregate, JSONField


class Rows(Aggregate):
    """All rows of a group, each a list of the given columns, as a JSON list in no order; None of an empty group."""

    output_field = JSONField()

    def as_sqlite(self, compiler: Any, connection: Any, **more: Any) -> Any:
        """SQLite's words for it."""
        return self.as_sql(compiler, connection, template="JSON_GROUP_ARRAY(JSON_ARRAY(%(expressions)s))", **more)

    def as_postgresql(self, compiler: Any, connection: Any, **more: Any) -> Any:
        """PostgreSQL's words for it."""
        return self.as_sql(compiler, connection, template="JSONB_AGG(JSONB_BUILD_ARRAY(%(expressions)s))", **more)
