"""How every list says how long it is and which page this is; the first page is 0."""

from typing import Any

from standins.creditsafe.door import correlation


def paging(total: int, page: int, size: int) -> dict[str, Any]:
    """Return what goes around a page of a list."""
    last = max(0, (total - 1) // size)
    return {
        "correlationId": correlation(),
        "totalCount": total,
        "paging": {
            "size": size,
            "prev": page - 1 if page > 0 else None,
            "next": page + 1 if page < last else None,
            "last": last,
        },
    }
