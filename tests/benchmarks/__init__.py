"""How fast Kho is beside other registries, on one machine and with the same content: `python -m tests.benchmarks`."""
