"""`make run`: everything on one machine, from a bare checkout to a registry that can be pushed to."""
