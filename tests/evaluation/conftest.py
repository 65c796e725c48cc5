"""Fixtures of the tests of endpoints."""

from endpoint_fixtures import on_the_loopback

__all__ = ["on_the_loopback"]
