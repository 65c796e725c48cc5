"""Collections: named lists of repositories."""

from __future__ import annotations

import re
from typing import Any

from .call import Call
from .store import HubError, Store


def answer_collection(store: Store, call: Call, rest: list[str]) -> dict[str, Any]:
    """Finds or makes a collection, or adds an item to one; `rest` is the path behind `collections`."""
    if call.method == "GET":
        return _find(store, "/".join(rest))
    user, asked = call.signed_in(), call.json()
    if not rest:
        if not user.may_write(asked["namespace"]):
            raise HubError(403, "Forbidden", "You cannot create a collection here")
        return _create(store, asked)
    collection = _find(store, "/".join(rest[:2]))
    if not user.may_write(collection["owner"]["name"]):
        raise HubError(403, "Forbidden", "You cannot change this collection")
    item = asked["item"]
    if any((item["id"], item["type"]) == (old["id"], old["type"]) for old in collection["items"]):
        raise HubError(409, "Conflict", "Item already in collection")
    store.repo(f"{item['type']}s", item["id"], user)
    collection["items"].append({"_id": store.next_id(), "position": len(collection["items"]), **item})
    return collection


def _create(store: Store, asked: dict[str, Any]) -> dict[str, Any]:
    title, owner = asked["title"], asked["namespace"]
    for slug, old in store.collections.items():
        if (old["title"], old["owner"]["name"]) == (title, owner):
            raise HubError(409, "Conflict", "Collection already exists", slug=slug)
    slug = f"{owner}/{re.sub('[^a-z0-9]+', '-', title.lower()).strip('-')}-{store.next_id()}"
    store.collections[slug] = collection = {
        "slug": slug,
        "title": title,
        "description": asked.get("description"),
        "owner": {"name": owner},
        "items": [],
        "lastUpdated": "2026-01-01T00:00:00.000Z",
        "position": 0,
        "private": bool(asked.get("private")),
        "theme": "blue",
        "upvotes": 0,
    }
    return collection


def _find(store: Store, slug: str) -> dict[str, Any]:
    if slug not in store.collections:
        raise HubError(404, "CollectionNotFound")
    return store.collections[slug]
