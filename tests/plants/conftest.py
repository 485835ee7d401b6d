import gymnasium
import pytest
from gymnasium.envs.registration import EnvSpec


@pytest.fixture
def register(monkeypatch):
    """Register a Gymnasium environment for the length of a test."""

    def register(env_id, entry_point, max_episode_steps):
        spec = EnvSpec(env_id, entry_point=entry_point, max_episode_steps=max_episode_steps)
        monkeypatch.setitem(gymnasium.registry, env_id, spec)

    return register


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    """MuJoCo writes its warnings to MUJOCO_LOG.TXT where it stands."""
    monkeypatch.chdir(tmp_path)
