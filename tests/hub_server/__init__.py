"""A Hub on the loopback for tests: the client's real HTTP, LFS and Xet traffic, without a network."""

from .server import HubServer, Request
from .store import User

__all__ = ["HubServer", "Request", "User"]
