"""What recorded episodes might have earned, beside the records: the scheduler's profit and the bound.

``yardsticks.json`` in a folder of team records holds, for each episode, what was earned, what the
scheduler earned in the very same one, and what nobody can exceed.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path

from shiftwork.errors import UserError
from shiftwork.files import written_whole

FILE = "yardsticks.json"


@dataclass(frozen=True)
class Yardsticks:
    """Profits of whole episodes, $, one of each for every recorded episode.

    Attributes:
        plant: Of the records.
        earned: By who was recorded.
        scheduler: By the rolling-horizon scheduler, which knows what the plant knows.
        bound: More than this nobody earns, not even who knows the future.
    """

    plant: str
    earned: tuple[float, ...]
    scheduler: tuple[float, ...]
    bound: tuple[float, ...]

    def save(self, folder: Path) -> None:
        """Write it beside the records in their folder."""
        with written_whole(folder / FILE) as temporary:
            temporary.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Yardsticks | None:
        """Read it from a folder of team records; None if there is none.

        Raises:
            UserError: The file is damaged.
        """
        file = folder / FILE
        if not file.is_file():
            return None
        try:
            about = json.loads(file.read_text(encoding="utf-8"))
            found = cls(
                str(about["plant"]),
                *(tuple(map(float, about[name])) for name in ("earned", "scheduler", "bound")),
            )
        except (ValueError, KeyError, TypeError):
            raise _damaged(file) from None
        profits = (found.earned, found.scheduler, found.bound)
        if not all(
            len(one) == len(found.earned) > 0 and all(map(math.isfinite, one)) for one in profits
        ):
            raise _damaged(file)
        return found


def _damaged(file: Path) -> UserError:
    return UserError(f"{file}: is damaged; record the episodes again with team people --yardsticks")
