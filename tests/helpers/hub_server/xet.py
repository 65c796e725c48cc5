"""Xet storage in a folder: the client's own library writes and reads it, the server only looks hashes up."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_RECORD = 48
_END = b"\xff" * 32


class XetFolder:
    """The content store of `hf_xet` in a local folder."""

    def __init__(self, folder: Path):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def access(self) -> tuple[dict[str, Any], dict[str, str]]:
        """Body and headers of the answer to a request for a token."""
        url, expiry = f"local://{self.folder}", int(time.time()) + 3600
        headers = {"X-Xet-Cas-Url": url, "X-Xet-Access-Token": "xet", "X-Xet-Token-Expiration": str(expiry)}
        return {"casUrl": url, "accessToken": "xet", "exp": expiry}, headers

    def lookup(self, sha256: str) -> str | None:
        """The Xet hash of the file with a SHA-256, if it was uploaded."""
        for path in self.folder.rglob("xorbs/shards/*.mdb"):
            for xet_hash, found in _shard_files(path.read_bytes()):
                if found == sha256:
                    return xet_hash
        return None


def _shard_files(data: bytes) -> Iterator[tuple[str, str | None]]:
    """(Xet hash, SHA-256) of each file of a shard: a header, then records of 48 bytes until one of ones."""
    offset = _RECORD
    while data[offset : offset + 32] != _END:
        xet_hash = _text(data[offset : offset + 32])
        flags = int.from_bytes(data[offset + 32 : offset + 36], "little")
        segments = int.from_bytes(data[offset + 36 : offset + 40], "little")
        offset += _RECORD * (1 + segments)
        if flags >> 31 & 1:  # as many records to verify the segments with
            offset += _RECORD * segments
        sha256 = None
        if flags >> 30 & 1:
            sha256 = _text(data[offset : offset + 32])
            offset += _RECORD
        yield xet_hash, sha256


def _text(digest: bytes) -> str:
    """Xet writes hashes as four little-endian words."""
    return "".join(digest[start : start + 8][::-1].hex() for start in range(0, 32, 8))
