"""A job: a function by its name, its arguments and the hashes of its input files, and nothing else.

What a job gives depends on these alone, never on where or beside what it runs. So it may run
anywhere, and what one run has finished another need not do again.
"""

from __future__ import annotations

import importlib
import json
import platform
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from shiftwork.errors import UserError
from shiftwork.files import VERSION, sha256

Tell = Callable[[float, str], None]
"""Told the share of a job (of 1) that was done since the last call, and a short note to show."""

KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_+.-]*")


@dataclass(frozen=True)
class Input:
    """A file that a job reads.

    Attributes:
        path: Where it is on the machine that hands out the jobs.
        sha256: Of its content.
    """

    path: Path
    sha256: str

    @classmethod
    def of(cls, path: str | Path) -> Input:
        """Name a file and its content.

        Raises:
            UserError: It cannot be read.
        """
        path = Path(path).resolve()
        try:
            return cls(path, sha256(path))
        except OSError as error:
            raise UserError(
                f"{path}: cannot be read ({error.strerror}); a job needs it, so give a file that can"
            ) from None


@dataclass(frozen=True)
class Job:
    """A piece of work that depends on no other one.

    Attributes:
        key: Its name in the run, and the name of its folder.
        function: "package.module:name". It is called with the folder to write into, a ``Tell``, the
            arguments, and the paths of the inputs; the last two by name.
        arguments: What JSON can hold.
        inputs: Files, by the names of the parameters that receive their paths.
        cores: Threads that the job may use. The last bits of a result can depend on it, so it is
            the same wherever the job runs.
        gpus: GPUs that the job needs; with none it runs on processors.
    """

    key: str
    function: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, Input] = field(default_factory=dict)
    cores: int = 1
    gpus: int = 0

    @property
    def identity(self) -> dict[str, Any]:
        """What its result depends on, as JSON holds it."""
        return {
            "function": self.function,
            "arguments": json.loads(json.dumps(dict(self.arguments))),
            "inputs": {name: given.sha256 for name, given in self.inputs.items()},
            "shiftwork": VERSION,
            "jax": jax_version(),
        }

    def check(self) -> None:
        """Refuse a job that cannot be done or kept.

        Raises:
            UserError: Its key is no name of a folder, its arguments are not JSON, its function
                does not exist, or it asks for no core.
        """
        if not KEY.fullmatch(self.key):
            raise UserError(
                f"job '{self.key}': its key names a folder; use letters, digits and _ + . -"
            )
        try:
            json.dumps(dict(self.arguments), allow_nan=False)
        except (TypeError, ValueError) as error:
            raise UserError(
                f"job '{self.key}': its arguments cannot be written as JSON ({error}); give numbers, "
                "text, lists and tables"
            ) from None
        if self.cores < 1 or self.gpus < 0:
            raise UserError(
                f"job '{self.key}' asks for {self.cores} cores and {self.gpus} GPUs; give at least "
                "one core and no negative number"
            )
        function_of(self.function)

    def order(self, folder: Path) -> dict[str, Any]:
        """Write down the job for whoever does it.

        Args:
            folder: Into which its files go.
        """
        return {
            "key": self.key,
            "function": self.function,
            "arguments": dict(self.arguments),
            "inputs": {name: str(given.path) for name, given in self.inputs.items()},
            "folder": str(folder),
        }


def function_of(name: str) -> Callable[..., None]:
    """Import the function that a job names.

    Raises:
        UserError: There is none.
    """
    module, _, attribute = name.partition(":")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise UserError(
            f"function '{name}' of a job cannot be imported ({error}); name it 'package.module:function'"
        ) from None
    if not callable(found):
        raise UserError(f"'{name}' of a job is no function; name one")
    called: Callable[..., None] = found
    return called


def jax_version() -> str:
    """Look up the version of JAX without loading it."""
    try:
        return version("jax")
    except PackageNotFoundError:
        return "missing"


@cache
def versions() -> dict[str, str]:
    """Describe this process by all that a result may depend on."""
    return {
        "Shiftwork": VERSION,
        "JAX": jax_version(),
        "Python": ".".join(platform.python_version_tuple()[:2]),
        "Shiftwork's source": _source(),
    }


def _source() -> str:
    """Hash the package's modules: two states of one version are not the same either."""
    import hashlib

    root = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:12]
