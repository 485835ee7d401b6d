"""What was compiled is kept, so that the same work begins at once the next time.

XLA takes ten seconds to a minute to compile a learning loop. JAX can keep the result in a folder and
finds it again by the program itself, its own versions and its options: rates and seeds are data, so
they may change; sizes of nets and of records, and numbers of seeds, make another program. Here the
folder is chosen (one for each kind of processor, which programs are made for) and kept small.
"""

from __future__ import annotations

import hashlib
import os
import platform
import sys
from contextlib import suppress
from pathlib import Path

LIMIT_BYTES = 512 * 2**20
"""What all kept programs may take together; who was not used for longest goes first."""

SHORTEST_S = "0"
"""Small programs are kept too: a command has a hundred of them, which take seconds to compile and tenths to read."""


def keep_compiled() -> None:
    """Let JAX keep what it compiles from here on, in the user's folder for such things.

    The user's own settings win: ``JAX_COMPILATION_CACHE_DIR`` names another folder, and with
    ``JAX_ENABLE_COMPILATION_CACHE=false`` nothing is kept. Where nothing can be written everything
    is compiled as ever.
    """
    jax = sys.modules.get("jax")  # not imported for this: much of the command line does without
    if os.environ.get("JAX_COMPILATION_CACHE_DIR") or (
        jax and jax.config.jax_compilation_cache_dir
    ):
        return
    with suppress(OSError, RuntimeError):  # RuntimeError: there is no home
        caches = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        folder = Path(caches) / "shiftwork" / "compiled"
        own = folder / _processor()
        # For the user alone: who can write here can make the user's next command run anything.
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        own.mkdir(mode=0o700, exist_ok=True)
        if not os.access(own, os.W_OK):
            return
        forget_oldest(folder, LIMIT_BYTES)
        os.environ["JAX_COMPILATION_CACHE_DIR"] = str(own)
        shortest = os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", SHORTEST_S)
        if jax:
            jax.config.update("jax_compilation_cache_dir", str(own))
            jax.config.update("jax_persistent_cache_min_compile_time_secs", float(shortest))


def forget_oldest(folder: Path, limit: int) -> None:
    """Remove the files below a folder that were not used for longest until the rest fits.

    Args:
        folder: With everything below it.
        limit: In bytes.
    """
    kept = 0
    files = [(path, path.stat()) for path in folder.rglob("*") if path.is_file()]
    for path, about in sorted(files, key=lambda f: -max(f[1].st_atime, f[1].st_mtime)):
        kept += about.st_size
        if kept > limit:
            path.unlink(missing_ok=True)  # another process may tidy up as well


def _processor() -> str:
    """Name the kind of processor, and how many there are: loops are cut into so many parts."""
    about = [platform.system(), platform.machine(), platform.processor(), str(os.cpu_count())]
    linux = Path("/proc/cpuinfo")
    if linux.exists():
        first = linux.read_text(encoding="utf-8", errors="replace").split("\n\n")[0]
        told = ("model name", "flags", "Features", "CPU part")
        about += [line for line in first.splitlines() if line.startswith(told)]
    return hashlib.sha256("\n".join(about).encode()).hexdigest()[:16]
