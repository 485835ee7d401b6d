"""A cracking centre at a glance: the sea on the left, furnaces on the right, naphtha between."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch, Polygon, Rectangle

from shiftwork.plants.centre.centre import Centre
from shiftwork.plants.centre.state import CRACKING, DECOKING, QUEUED, STAND_BY
from shiftwork.plants.centre.trace import FEEDING, FILLING, RELEASED, RESTING
from shiftwork.plants.cracker.furnace import LIQUID
from shiftwork.plants.drawing.centre_scene import Scene, ShipSeen
from shiftwork.plants.drawing.colours import FLOOR, INK, MUTED, RULE

BLUE, SKY, ORANGE, VERMILLION, PURPLE = "#0072b2", "#56b4e9", "#e69f00", "#d55e00", "#cc79a7"
HEAVY, LIGHT = (0.60, np.array([0.70, 0.50, 0.24])), (0.84, np.array([0.98, 0.92, 0.72]))
"""Share of paraffins and colour of the darkest and the palest naphtha."""
COLD_TUBE_C = 960.0
"""Where the bar of a tube's temperature begins."""
WIDE, HIGH = 16.0, 9.0
STATUS = {FILLING: SKY, RESTING: "#b4bac0", RELEASED: "#7b7f84", FEEDING: BLUE}
MODE = {
    CRACKING: ("", BLUE),
    DECOKING: ("decoke", ORANGE),
    STAND_BY: ("stand-by", PURPLE),
    QUEUED: ("too hot", VERMILLION),
}


def naphtha_colour(paraffins: float) -> tuple[float, float, float]:
    """Pale for light naphtha, brown for heavy."""
    part = float(np.clip((paraffins - HEAVY[0]) / (LIGHT[0] - HEAVY[0]), 0.0, 1.0))
    mixed = (1.0 - part) * HEAVY[1] + part * LIGHT[1]
    return (float(mixed[0]), float(mixed[1]), float(mixed[2]))


def paint_centre(axes: Axes, plant: Centre, scene: Scene) -> None:
    """Draw ships, berths, tanks, furnaces and what they share.

    Args:
        axes: To draw on; 16 by 9.
        plant: The centre.
        scene: What is where.
    """
    axes.set(xlim=(0, WIDE), ylim=(0, HIGH))
    axes.axis("off")
    _sea(axes, scene)
    tanks = _tank_places(plant.layout.tanks)
    _pipes(axes, scene, tanks)
    _berths(axes, plant, scene)
    for k, place in enumerate(tanks):
        _tank(axes, plant, scene, k, place)
    _furnaces(axes, scene)
    _shared(axes, scene)


def _head(axes: Axes, x: float, text: str) -> None:
    axes.text(x, 8.72, text, fontsize=9, fontweight="bold", color=INK, va="center")


def _note(axes: Axes, x: float, y: float, text: str, size: float = 7.5, **more: object) -> None:
    told: dict[str, object] = {"color": MUTED, "va": "center", "ha": "left", "fontsize": size}
    axes.text(x, y, text, **(told | more))  # type: ignore[arg-type]


def _sea(axes: Axes, scene: Scene) -> None:
    axes.add_patch(Rectangle((0, 0.95), 2.95, 7.4, facecolor="#e9f1f5", edgecolor="none"))
    _head(axes, 0.1, "ships")
    y = 8.05
    for head, ships in (("at sea", scene.announced), ("at anchor", scene.anchored)):
        _note(axes, 0.12, y, head, 8, fontweight="bold")
        for ship in ships:
            y -= 1.0 if ship is not ships[0] else 0.62
            _ship(axes, 0.2, y, ship)
            if head == "at sea":
                text = f"expected in {_time(ship.hours)}"
            elif ship.hours > 0:
                text = f"free for {_time(ship.hours)}"
            else:
                text = f"costs since {_time(-ship.hours)}"
            colour = VERMILLION if head == "at anchor" and ship.hours <= 0 else MUTED
            _note(axes, 0.2, y - 0.42, text, color=colour)
        if not ships:
            y -= 0.05
            _note(axes, 0.2, y - 0.37, "none")
        y -= 1.1


def _time(hours: float) -> str:
    return f"{hours / 24:.1f} d" if hours >= 48 else f"{hours:.0f} h"


def _ship(axes: Axes, x: float, y: float, ship: ShipSeen) -> None:
    hull = [(x, y + 0.12), (x + 2.3, y + 0.12), (x + 2.05, y - 0.24), (x + 0.2, y - 0.24)]
    axes.add_patch(
        Polygon(hull, facecolor=naphtha_colour(ship.paraffins), edgecolor=INK, linewidth=0.8)
    )
    axes.add_patch(
        Rectangle((x + 0.12, y + 0.12), 0.34, 0.2, facecolor="white", edgecolor=INK, linewidth=0.8)
    )
    axes.text(x + 1.13, y - 0.065, f"{ship.cargo_t / 1000:.1f} kt, {100 * ship.paraffins:.0f} % P",
              fontsize=7.5, color=INK, ha="center", va="center_baseline")  # fmt: skip


def _berths(axes: Axes, plant: Centre, scene: Scene) -> None:
    _head(axes, 3.15, "berths")
    count = len(scene.berthed)
    for b, ship in enumerate(scene.berthed):
        y = 4.65 + (count - 1 - 2 * b) * 0.95
        axes.add_patch(
            Rectangle((3.1, y - 0.68), 2.75, 1.36, facecolor=FLOOR, edgecolor=RULE, linewidth=1.0)
        )
        _note(axes, 3.2, y + 0.52, f"berth {b + 1}", fontweight="bold")
        if ship is None:
            _note(axes, 3.2, y - 0.05, "free")
            continue
        _ship(axes, 3.32, y, ship)
        tank = int(scene.tank[b])
        text = f"into {plant.scenario.tanks[tank].name}" if tank >= 0 else "waits for a tank"
        text += "" if ship.hours > 0 else ", costs"
        _note(axes, 3.2, y - 0.5, text, color=MUTED if ship.hours > 0 else VERMILLION)


def _tank_places(count: int) -> list[tuple[float, float, float, float]]:
    """(left, bottom, width, height) of each tank, in two columns beyond four."""
    columns = 1 if count <= 4 else 2 if count <= 8 else 3
    lines = -(-count // columns)
    width, pitch = (1.75, 2.2) if columns < 3 else (1.15, 1.5)
    step = 7.4 / lines
    height = min(step - 0.72, 1.5)
    left = 8.55 - pitch * columns / 2
    return [
        (left + pitch * (k % columns), 8.3 - step * (k // columns) - height, width, height)
        for k in range(count)
    ]


def _pipes(axes: Axes, scene: Scene, places: list[tuple[float, float, float, float]]) -> None:
    """Draw the line from the berths, and the header to the furnaces, where naphtha flows in colour."""
    _head(axes, 6.3, "tanks")
    _note(axes, 7.35, 8.72, "P: paraffins, as far as known")
    left, right = 6.05, 10.95
    flows_in, flows_out = scene.status == FILLING, scene.share > 0
    axes.plot([left, left], [1.2, 8.3], color=RULE, linewidth=2.5, solid_capstyle="round")
    axes.plot([right, right], [1.2, 8.3], color=RULE, linewidth=2.5, solid_capstyle="round")
    for k, (x, y, width, height) in enumerate(places):
        if flows_in[k]:
            top = y + height + 0.1
            axes.plot([left, x + 0.3, x + 0.3], [top, top, y + height], color=SKY, linewidth=2.5)
        if flows_out[k]:
            low = y - 0.1
            axes.plot([x + width - 0.3] * 2 + [right], [y, low, low], color=BLUE, linewidth=2.5)
    for b, tank in enumerate(scene.tank):
        if tank >= 0:
            y = 4.65 + (len(scene.tank) - 1 - 2 * b) * 0.95
            _, bottom, _, height = places[int(tank)]
            top = bottom + height + 0.1
            axes.plot([5.85, left, left], [y, y, top], color=SKY, linewidth=2.5)
    if flows_out.any():
        ends = [places[k][1] - 0.1 for k in np.flatnonzero(flows_out)]
        axes.plot([right, right], [min(*ends, 4.65), max(*ends, 4.65)], color=BLUE, linewidth=2.5)
        axes.annotate("", (11.35, 4.65), (right, 4.65),
                      arrowprops={"arrowstyle": "-|>", "color": BLUE, "linewidth": 2.2})  # fmt: skip


def _tank(
    axes: Axes, plant: Centre, scene: Scene, k: int, place: tuple[float, float, float, float]
) -> None:
    x, y, width, height = place
    full, status = float(scene.full[k]), int(scene.status[k])
    axes.add_patch(Rectangle((x, y), width, height, facecolor="white", edgecolor="none"))
    axes.add_patch(
        Rectangle((x, y), width, full * height, facecolor=naphtha_colour(float(scene.paraffins[k])),
                  edgecolor="none")
    )  # fmt: skip
    strong = 2.2 if status in (FILLING, FEEDING) else 1.2
    axes.add_patch(
        Rectangle((x, y), width, height, fill=False, edgecolor=STATUS[status], linewidth=strong)
    )
    tank = plant.scenario.tanks[k]
    for level in (tank.heel, tank.high):
        axes.plot([x, x + 0.12], [y + level * height] * 2, color=INK, linewidth=0.8)
    axes.text(x + 0.2, y + height - 0.22, tank.name, fontsize=8, fontweight="bold", color=INK,
              va="center_baseline")  # fmt: skip
    told = {
        FILLING: "filling",
        RESTING: f"rests {scene.rest_h[k]} h",
        RELEASED: "released",
        FEEDING: f"feeds {100 * scene.share[k]:.0f} %",
    }[status]
    lines = f"{100 * scene.paraffins[k]:.0f} % P\n{full * tank.capacity_m3:,.0f} m³"
    axes.text(x + width / 2, y + 0.42 * height, lines, fontsize=7.5, color=INK, ha="center",
              va="center", linespacing=1.35)  # fmt: skip
    _note(axes, x, y - 0.28, told)


def _furnaces(axes: Axes, scene: Scene) -> None:
    _head(axes, 11.5, "furnaces")
    _note(axes, 13.55, 8.72, "tubes, °C", 7.5)
    count = len(scene.mode)
    step = min(7.4 / count, 1.0)
    top = 4.65 + step * count / 2
    for f in range(count):
        y = top - step * (f + 0.5)
        mode = int(scene.mode[f])
        word, colour = MODE[mode]
        axes.add_patch(
            FancyBboxPatch(
                (11.5, y - 0.36 * step), 4.4, 0.72 * step,
                boxstyle="round,pad=0,rounding_size=0.06", facecolor=FLOOR, edgecolor=RULE,
            )
        )  # fmt: skip
        axes.add_patch(Rectangle((11.5, y - 0.36 * step), 0.1, 0.72 * step, facecolor=colour))
        axes.text(11.72, y, f"{f + 1}", fontsize=8.5, fontweight="bold", color=INK,
                  va="center_baseline")  # fmt: skip
        if mode == CRACKING:
            told = f"{scene.cot_c[f]:.0f} °C  {scene.feed_t_per_h[f]:.0f} t/h"
            _note(axes, 12.15, y, told, color=INK, va="center_baseline")
            _tube(axes, scene, f, y, step)
        else:
            left = int(scene.decoke_left_h[f])
            told = word + (f", {left} h left" if mode == DECOKING and left >= 0 else "")
            _note(axes, 12.15, y, told, color=INK, va="center_baseline")


def _tube(axes: Axes, scene: Scene, f: int, y: float, step: float) -> None:
    """A bar from a clean tube's temperature to the limit, and the age of the run."""
    room = LIQUID.tube_limit_c - COLD_TUBE_C
    part = float(np.clip((scene.tube_c[f] - COLD_TUBE_C) / room, 0.0, 1.0))
    height = 0.3 * step
    axes.add_patch(
        Rectangle((13.85, y - height / 2), 1.15, height, facecolor="white", edgecolor=RULE)
    )
    hot = scene.tube_c[f] >= LIQUID.tube_limit_c - 20.0
    axes.add_patch(
        Rectangle((13.85, y - height / 2), 1.15 * part, height,
                  facecolor=VERMILLION if hot else "#9aa7b1", edgecolor="none")
    )  # fmt: skip
    _note(axes, 15.1, y, f"{scene.tube_c[f]:,.0f}", color=VERMILLION if hot else INK,
          va="center_baseline")  # fmt: skip


def _shared(axes: Axes, scene: Scene) -> None:
    axes.plot([0, WIDE], [0.78, 0.78], color=RULE, linewidth=0.8)
    fed = scene.feed_t_per_h.sum() if (scene.share > 0).any() else 0.0
    naphtha, ethylene, propylene = scene.prices
    for x, name, value in (
        (0.1, "feed", f"{fed:,.0f} t/h"),
        (2.4, "compressor", f"{100 * scene.load[0]:.0f} %"),
        (4.7, "steam", f"{100 * scene.load[1]:.0f} %"),
        (7.0, "naphtha", f"{naphtha:,.0f} $/t"),
        (9.3, "ethylene", f"{ethylene:,.0f} $/t"),
        (11.6, "propylene", f"{propylene:,.0f} $/t"),
        (13.9, "time", f"day {scene.hour // 24 + 1}, {scene.hour % 24:02d}:00"),
    ):
        _note(axes, x, 0.52, name, 7.5)
        axes.text(x, 0.18, value, fontsize=9, fontweight="bold", color=INK, va="center")
