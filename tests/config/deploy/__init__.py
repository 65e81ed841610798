"""Tests of config.deploy; what it starts is tested by the journeys and the faults."""
