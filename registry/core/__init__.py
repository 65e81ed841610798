"""The registry's verbs: each takes a caller, asks the gate, changes rows in one transaction."""
