"""Disks that can be cut off from power or run full, for whole homes or parts of them."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

LOOP_MEGABYTES = 1_000
"""Sparse: what is not written takes no room."""
COMMIT_SECONDS = 30
"""The file system keeps what nobody synced to itself this long: a cut is to show it."""


@dataclass(slots=True)
class LoopDisk:
    """An ext4 file system in a file, mounted where a home is to lie."""

    mount: Path
    image: Path

    def cut_power(self) -> Path:
        """Return a copy of what the disk holds now: without anything that only memory knows.

        Whoever writes must be frozen.
        """
        left = self.image.with_suffix(".left")
        _run("cp", "--sparse=always", str(self.image), str(left))
        return left

    def replace(self, image: Path) -> None:
        """Go on with another image in the same place; nobody may have a file open."""
        _run("umount", str(self.mount))
        image.replace(self.image)
        _mount(self.image, self.mount)


@dataclass(slots=True)
class FullDisk:
    """A file system in memory that is as large as is said, and can be filled to its brim."""

    mount: Path

    def take_over(self, folder: Path) -> None:
        """Let a folder that nobody uses lie on this disk from now on."""
        _run("cp", "-a", str(folder), str(self.mount))
        folder.rename(folder.with_name(f"{folder.name}.before"))
        folder.symlink_to(self.mount / folder.name)

    def fill(self) -> None:
        """Leave no room at all."""
        with suppress(OSError), (self.mount / "ballast").open("wb", buffering=0) as ballast:
            while True:
                ballast.write(bytes(65_536))

    def enlarge(self, megabytes: int) -> None:
        """Make it larger; what fills it stays."""
        _run("mount", "-o", f"remount,size={megabytes}m", str(self.mount))


@contextmanager
def loop_disk(folder: Path) -> Iterator[LoopDisk]:
    """Mount a disk for as long as the context lasts."""
    need_mounts()
    disk = LoopDisk(folder / "home", folder / "disk")
    disk.mount.mkdir(parents=True)
    with disk.image.open("wb") as image:
        image.truncate(LOOP_MEGABYTES * 1_000_000)
    _run("mkfs.ext4", "-q", "-F", str(disk.image))
    _mount(disk.image, disk.mount)
    try:
        yield disk
    finally:
        _run("umount", "--lazy", str(disk.mount))


@contextmanager
def full_disk(mount: Path, megabytes: int) -> Iterator[FullDisk]:
    """Mount a small disk for as long as the context lasts."""
    need_mounts()
    mount.mkdir(parents=True)
    _run("mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(mount))
    try:
        yield FullDisk(mount)
    finally:
        _run("umount", "--lazy", str(mount))


def need_mounts() -> None:
    """Skip a test where disks cannot be mounted."""
    missing = [tool for tool in ("mount", "umount", "mkfs.ext4", "cp") if not shutil.which(tool)]
    if os.geteuid() != 0 or missing:
        pytest.skip(f"disks can be mounted by root alone, with {missing or 'its tools'}")
    if not Path("/dev/loop-control").exists():
        pytest.skip("there are no loop devices here")


def _mount(image: Path, mount: Path) -> None:
    _run("mount", "-o", f"loop,commit={COMMIT_SECONDS}", str(image), str(mount))
    mount.chmod(0o711)  # Postgres, which does not run as root, passes through


def _run(*command: str) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - ours
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
