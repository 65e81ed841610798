"""Tests of the operations of ecr-public that know what publishers ask for."""
