"""Compare our plants with recorded steps of the public environments.

By hand, with a folder of recorded files: python tests/support/golden_traces.py FOLDER
"""

import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from shiftwork.plants.tasks.box_pushing import BoxPushing
from shiftwork.plants.tasks.overcooked.controller import decide
from shiftwork.plants.tasks.overcooked.overcooked import Overcooked
from shiftwork.plants.tasks.overcooked.state import KitchenState

GOLDEN = Path(__file__).parents[1] / "plants" / "tasks" / "golden"
BOXES = {"bp6": BoxPushing(6), "bp6_free": BoxPushing(6), "bp8": BoxPushing(8)}
KITCHENS = {
    "ovcA7": Overcooked("A"),
    "ovcAR7": Overcooked("A", random=True),
    "ovcB7": Overcooked("B"),
    "ovcA11": Overcooked("large-A"),
}


def load(folder, name):
    with np.load(folder / f"{name}.npz") as file:
        trace = {key: file[key] for key in file.files}
    if trace["reward"].ndim == 3:
        trace["reward"] = trace["reward"][..., 0]
    if trace["s_agent_pos"].dtype == np.float32:  # complete files are not doubled
        for key in ("s_agent_pos", "s_box_pos"):
            trace[key] = np.round(2 * trace[key]).astype(np.int8)
    return trace


def steps(trace):
    """Numbers of episode and step of all that was recorded."""
    return np.nonzero(np.arange(trace["given"].shape[1]) < trace["length"][:, None])


def differences(ours, recorded):
    """In how many rows each field differs; reals are compared to 1e-5."""
    counts = {}
    for name, expected in recorded.items():
        one, two = np.asarray(ours[name]), np.asarray(expected)
        assert one.shape == two.shape, name
        real = np.issubdtype(two.dtype, np.floating)
        wrong = ~np.isclose(one, two, rtol=0, atol=1e-5) if real else one != two
        counts[name] = int(wrong.reshape(len(wrong), -1).any(1).sum())
    return counts


def box_fields(trace, e, t):
    """The recorded hidden state of box pushing, named as ours."""
    position, box = trace["s_agent_pos"][e, t], trace["s_box_pos"][e, t]
    return {
        "x": position[..., 0] // 2,
        "y": position[..., 1] // 2,
        "orientation": trace["s_agent_ori"][e, t],
        "last_waypoint": trace["s_last_wp"][e, t],
        "box_x": (box[..., 0] - [1, 1, 2]) // 2,
        "box_y": box[..., 1] // 2,
        "big_push": trace["s_big_push"][e, t].any(-1),
    }


def run_boxes(plant, trace):
    """Run all episodes from their recorded start; outputs (E, H, ...)."""
    begin = box_fields(trace, np.arange(len(trace["length"])), 0)
    state = plant.reset(jax.random.key(0)).state

    def run(fields, given):
        first = state._replace(**{k: v.astype(state._asdict()[k].dtype) for k, v in fields.items()})

        def step(state, macro_action):
            step = plant.step(state, macro_action, jax.random.key(0))
            return step.state, step

        return jax.lax.scan(step, first, given)[1]

    return jax.jit(jax.vmap(run))(begin, jnp.asarray(trace["given"], jnp.int32))


def compare_boxes(name, folder=GOLDEN):
    trace = load(folder, name)
    e, t = steps(trace)
    step = jax.tree.map(lambda values: np.asarray(values)[e, t], run_boxes(BOXES[name], trace))
    recorded = {
        "macro_action": trace["macro"][e, t],
        "decided": trace["macro_done"][e, t],
        "reward": trace["reward"][e, t],
        "terminal": trace["terminated"][e, t],
        "observation": trace["obs_num"][e, t + 1],
        **box_fields(trace, e, t + 1),
    }
    ours = step.state._asdict() | step._asdict()
    return len(e), differences(ours, recorded)


def cells(pairs):
    return (16 * pairs[..., 0].astype(np.int16) + pairs[..., 1]).astype(np.int16)


def homes(trace):
    fields = ("item_home", "knife_pos", "delivery_pos", "agent_home")
    return np.concatenate([cells(trace[field]) for field in fields], 1)


def kitchen_state(plant, trace, e, t):
    """The recorded state before steps t of episodes e."""
    plate, before = trace["s_food_plate"][e, t], np.maximum(t - 1, 0)
    first = (t == 0)[:, None]
    return KitchenState(
        agent=cells(trace["s_agent_pos"][e, t]),
        hold=trace["s_agent_hold"][e, t],
        item=cells(trace["s_item_pos"][e, t]),
        chops=trace["s_food_chops"][e, t],
        plate=np.where(plate < 0, -1, plate + plant.kitchen.n_foods).astype(np.int8),
        home=homes(trace)[e],
        believed=cells(trace["s_mem_pos"][e, t]),
        chop_count=trace["s_chop_ctr"][e, t],
        macro_action=np.where(first, 0, trace["macro"][e, before]).astype(np.int8),
        decided=first | trace["macro_done"][e, before],
        seen=trace["obs_num"][e, t],
        paid=np.zeros((len(e), 0), bool),
    )


def lying_on(state, places):
    """The item that lies on each of some cells, or -1."""
    held = (state["hold"][:, :, None] == np.arange(state["item"].shape[1])).any(1)
    plated = np.zeros_like(held)
    plated[:, : state["plate"].shape[1]] = state["plate"] >= 0
    hit = (state["item"][:, None] == places[:, :, None]) & ~(held | plated)[:, None]
    return np.where(hit.any(2), hit.argmax(2), -1)


def compare_kitchens(name, folder=GOLDEN):
    """Count steps that differ, each step from its recorded state.

    "primitive" is the controller's own; all else follows from the recorded one.
    """
    plant, trace = KITCHENS[name], load(folder, name)
    e, t = steps(trace)

    def step(state, given, primitive):
        chosen = plant.choose(state, given)
        intent = decide(plant.kitchen, chosen)
        return intent.primitive, plant.carry_out(chosen, intent._replace(primitive=primitive))

    own, after = jax.tree.map(
        np.asarray,
        jax.jit(jax.vmap(step))(
            jax.tree.map(jnp.asarray, kitchen_state(plant, trace, e, t)),
            jnp.asarray(trace["given"][e, t], jnp.int32),
            jnp.asarray(trace["prim"][e, t]),
        ),
    )
    ours = after.state._asdict() | after._asdict()
    items, delivery = plant.kitchen.n_items, plant.kitchen.delivery
    ours["knife_hold"] = lying_on(ours, homes(trace)[e][:, items:delivery])
    ours["delivery_hold"] = lying_on(ours, homes(trace)[e][:, delivery : delivery + 1])
    scale = [plant.kitchen.size] * 2
    foods, others = plant.kitchen.n_foods, plant.kitchen.n_objects - plant.kitchen.n_foods
    scale = [*scale, 3] * foods + scale * others + [1] * plant.kitchen.one_hot_tail
    recorded = {
        **kitchen_state(plant, trace, e, t + 1)._asdict(),
        "reward": trace["reward"][e, t],
        "terminal": trace["terminated"][e, t],
        "observation": trace["obs_num"][e, t + 1] / np.array(scale),
        "knife_hold": trace["s_knife_hold"][e, t + 1],
        "delivery_hold": trace["s_delivery_hold"][e, t + 1],
    }
    # The public large kitchen moves an agent of a ring twice now and then; ours never does.
    moved = np.abs(np.diff(trace["s_agent_pos"].astype(int), axis=1)).sum(-1).max(-1)[e, t]
    once = moved <= 1
    counts = differences(
        {k: ours[k][once] for k in recorded}, {k: v[once] for k, v in recorded.items()}
    )
    wrong = own != trace["prim"][e, t]
    return {
        "steps": len(e),
        "left out": int((~once).sum()),
        "primitives": own.size,
        "wrong primitives": int(wrong.sum()),
        **counts,
    }


if __name__ == "__main__":
    where = Path(sys.argv[1]) if len(sys.argv) > 1 else GOLDEN
    for name in BOXES:
        print(name, *compare_boxes(name, where))
    for name in KITCHENS:
        print(name, compare_kitchens(name, where))
