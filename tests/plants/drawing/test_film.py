import jax
import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image

from shiftwork.errors import UserError
from shiftwork.plants.catalogue import make_team_plant
from shiftwork.plants.drawing.film import COLOURS, HOLD_FRAMES, draw, watch
from shiftwork.plants.probes.team import TeamProbe
from shiftwork.yardsticks.simple import RandomLegal

KEY = jax.random.key(0)


def pixels(figure):
    figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba())


def test_states_look_alike_only_if_they_are():
    plant = make_team_plant("box-pushing-8")
    begin = plant.reset(KEY).state
    later = plant.step(begin, jnp.array([1, 3]), KEY).state
    one, same, other = (pixels(draw(plant, state)) for state in (begin, begin, later))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


@pytest.mark.parametrize("name", ["overcooked-B", "overcooked-large-A-rand"])
def test_what_happens_to_a_food_can_be_seen(name):
    plant = make_team_plant(name)
    fresh = plant.reset(KEY).state
    chopped = fresh._replace(chops=fresh.chops.at[0].set(3))
    held = chopped._replace(hold=fresh.hold.at[0].set(0), item=fresh.item.at[0].set(fresh.agent[0]))
    plated = chopped._replace(plate=fresh.plate.at[0].set(plant.kitchen.n_foods))
    looks = [pixels(draw(plant, state)) for state in (fresh, chopped, held, plated)]
    assert all((looks[i] != looks[j]).any() for i in range(4) for j in range(i))


@pytest.mark.parametrize("name", ["box-pushing-6-primitive", "overcooked-A-primitive"])
def test_plants_of_primitive_actions_look_like_themselves(name):
    plant = make_team_plant(name)
    begin = jax.jit(plant.reset)(KEY).state
    later = jax.jit(plant.step)(begin, jnp.ones(len(plant.agents), jnp.int32), KEY).state
    assert (pixels(draw(plant, begin)) != pixels(draw(plant, later))).any()


def test_macro_actions_are_written_beside_the_agents():
    plant = make_team_plant("overcooked-A")
    state = plant.reset(KEY).state._replace(
        macro_action=jnp.array([1, 9, 8], jnp.int8), decided=jnp.array([False, True, True])
    )
    words = [text.get_text() for axes in draw(plant, state).axes for text in axes.texts]
    assert {"get tomato", "chop", "deliver", "under way", "ended, decides next"} <= set(words)


class TogetherToTheBigBox:
    def begin(self, key):
        return ()

    def act(self, memory, step, key):
        ready = step.state.last_waypoint >= 2
        return memory, jnp.where(ready, 4, jnp.array([2, 3]))


def test_film_shows_the_whole_episode(tmp_path):
    plant, path = make_team_plant("box-pushing-6"), tmp_path / "film.gif"

    total = watch(plant, TogetherToTheBigBox(), KEY, path)
    assert total == pytest.approx(299.4, abs=1e-3)
    with Image.open(path) as film:
        assert film.n_frames == 7
        palettes, times = [], []
        for number in range(film.n_frames):
            film.seek(number)
            palettes.append(len(film.convert("RGB").getcolors(1 << 16)))
            times.append(film.info["duration"])
    # A GIF counts hundredths of a second.
    assert times == [120] * 6 + [125 * HOLD_FRAMES]
    assert max(palettes) <= COLOURS
    assert list(tmp_path.iterdir()) == [path]


def test_other_file_names_and_plants_without_picture_are_one_line(tmp_path):
    plant = make_team_plant("box-pushing-6")
    with pytest.raises(UserError, match=r"film\.mp4: a film is an animated GIF; let the name end"):
        watch(plant, RandomLegal(), KEY, tmp_path / "film.mp4")
    probe = TeamProbe()
    with pytest.raises(UserError, match="has no picture; choose another plant"):
        draw(probe, probe.reset(KEY).state)
    with pytest.raises(UserError, match="has no picture; choose another plant"):
        watch(probe, RandomLegal(), KEY, tmp_path / "film.gif")
    assert not list(tmp_path.iterdir())
