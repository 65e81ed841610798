"""The policy engine: pure functions over ARNs and statements. No Django, no database."""
