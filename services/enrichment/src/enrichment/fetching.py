"""The registries' files downloaded into a folder: those that are new, each whole or not at all."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from enrichment.sources.port import Capability, Edition, Source

TAGS = "tags.json"
"""Which editions are in the folder, by the tags that their sources gave them."""


def offering(sources: Sequence[Source]) -> Iterator[Source]:
    """Return the sources that offer files."""
    return (source for source in sources if Capability.BULK in source.capabilities)


async def fetch(source: Source, folder: Path) -> Sequence[Edition]:
    """Download a source's new files; returns them."""
    editions = await source.bulk(folder, _present(folder))
    fresh = {edition.path.name: edition.tag for edition in editions if edition.tag}
    _note(folder, {**_tags(folder), **fresh})
    return editions


def _present(folder: Path) -> dict[str, str]:
    """Return which editions are there, in a folder that is made if it is not."""
    folder.mkdir(parents=True, exist_ok=True)
    return {name: tag for name, tag in _tags(folder).items() if (folder / name).exists()}


def _tags(folder: Path) -> dict[str, str]:
    try:
        found = json.loads((folder / TAGS).read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _note(folder: Path, tags: dict[str, str]) -> None:
    part = folder / f"{TAGS}.part"
    part.write_text(json.dumps(tags, indent=2) + "\n")
    part.replace(folder / TAGS)
