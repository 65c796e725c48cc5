"""A Hub on the loopback for tests: the client's real HTTP, LFS and Xet traffic, without a network."""

from .client import ClientError, HubClient
from .server import HubServer, Request
from .store import User

__all__ = ["ClientError", "HubClient", "HubServer", "Request", "User"]
