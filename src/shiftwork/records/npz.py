"""Opening .npz files that may be missing, damaged or something else, with one clear error each."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from shiftwork.errors import UserError, unknown


def read_npz(path: Path) -> dict[str, np.ndarray]:
    """Read every array of an .npz file, refusing pickled objects.

    Raises:
        UserError: The file is missing, is no .npz, is damaged, or holds Python objects.
    """
    if not path.is_file():
        raise UserError(f"{path}: no such file; check the path")
    arrays = {}
    try:
        with np.load(path, allow_pickle=False) as archive:
            if not isinstance(archive, np.lib.npyio.NpzFile):
                raise UserError(f"{path}: is a single array, not an .npz archive; save with np.savez")
            for key in archive.files:
                try:
                    arrays[key] = archive[key]
                except ValueError:
                    raise UserError(
                        f"{path}: '{key}' holds Python objects or is cut short; save it as plain numbers"
                    ) from None
    except (zipfile.BadZipFile, OSError, EOFError, KeyError, NotImplementedError):
        raise UserError(f"{path}: is damaged or no .npz file; copy or export it anew") from None
    except UserError:
        raise
    except ValueError:
        raise UserError(f"{path}: is no .npz file; records are .npz or Minari .hdf5") from None
    except zipfile.error:
        raise UserError(f"{path}: is damaged; copy or export it anew") from None
    except Exception as error:  # zlib.error has no common base with the above
        if type(error).__module__ == "zlib":
            raise UserError(f"{path}: is damaged (bad compression); copy it anew") from None
        raise
    return arrays


def require(arrays: dict[str, np.ndarray], keys: tuple[str, ...], path: Path) -> None:
    """Check that the named arrays are there.

    Raises:
        UserError: One is missing.
    """
    for key in keys:
        if key not in arrays:
            raise UserError(f"{path}: array '{key}' is missing; has: {', '.join(sorted(arrays)) or 'none'}")


def refuse_surplus(arrays: dict[str, np.ndarray], keys: tuple[str, ...], path: Path) -> None:
    """Check that no other array is there than those named: a typo is no optional key left out.

    Raises:
        UserError: There is another.
    """
    for key in arrays:
        if key not in keys:
            raise unknown("array", key, keys, str(path))


def numbers(arrays: dict[str, np.ndarray], key: str, path: Path) -> np.ndarray:
    """Return an array as float32.

    Raises:
        UserError: It holds text or complex values.
    """
    array = arrays[key]
    if array.dtype.kind not in "fiub":
        raise UserError(f"{path}: '{key}' holds {array.dtype}, not numbers; export it as numbers")
    return np.ascontiguousarray(array, np.float32)
