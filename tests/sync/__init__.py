"""Tests of the network lane."""
