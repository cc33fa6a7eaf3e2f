"""A disk that can be full: some megabytes of memory, mounted where the database lies. Needs root."""

import errno
import os
import subprocess
from pathlib import Path
from typing import Final

from tests.faults.plan import CannotRun

BLOCK: Final = b"\0" * 65_536


class SmallDisk:
    def __init__(self, folder: Path, *, megabytes: int) -> None:
        self.folder, self.ballast = folder, folder / "ballast"
        folder.mkdir(parents=True, exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "faults", str(folder)]
        if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode:
            raise CannotRun("DISK_MB needs root and the right to mount: without it, leave it out.")

    def fill(self) -> None:
        """To the last byte."""
        with self.ballast.open("wb", buffering=0) as file:
            for size in (len(BLOCK), 512):
                try:
                    while file.write(BLOCK[:size]):
                        pass
                except OSError as full:
                    if full.errno != errno.ENOSPC:
                        raise

    def free(self) -> None:
        self.ballast.unlink(missing_ok=True)

    def remove(self) -> None:
        subprocess.run(["umount", "-l", str(self.folder)], capture_output=True, check=False)
