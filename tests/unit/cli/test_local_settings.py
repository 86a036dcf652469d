"""A command uses the cores of the machine, unless the environment says how many."""

from rtcomplexity.cli import local_settings as module
from rtcomplexity.cli.local_settings import MOST_THREADS, local_settings


def test_the_cores_there_are_are_used_up_to_a_few(monkeypatch):
    monkeypatch.delenv("RTCOMPLEXITY_THREADS", raising=False)
    for cores, threads in ((1, 1), (3, 3), (64, MOST_THREADS)):
        monkeypatch.setattr(module, "available_cores", lambda cores=cores: cores)
        assert local_settings().threads == threads


def test_the_environment_has_the_last_word(monkeypatch):
    monkeypatch.setattr(module, "available_cores", lambda: 2)
    monkeypatch.setenv("RTCOMPLEXITY_THREADS", "1")
    monkeypatch.setenv("RTCOMPLEXITY_MAX_ROIS", "7")
    assert (local_settings().threads, local_settings().max_rois) == (1, 7)
