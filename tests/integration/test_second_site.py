"""A second site from one file: the whole program runs with a profile for shoulders and speaks of no other site."""

import json
import re
from importlib import resources

import pytest

from rtcomplexity.cli.app import run
from rtcomplexity.testing import write_sample

pytestmark = pytest.mark.usefixtures("measured_once")

SITE = """
[site]
id = "shoulder"
title = "shoulder"
place = "the shoulder"
words = ["shoulder", 'scapula\\w*', "lobe", "lungs?"]
organs = ["heart", "oesophagus"]
"""
"""The sample's RT Plan names its lobe: to this profile that is a shoulder."""


@pytest.fixture(scope="module")
def profile(tmp_path_factory):
    text = (resources.files("rtcomplexity.scoring") / "profiles" / "thoracic-delineation-1.toml").read_text("utf-8")
    text = text.replace('id = "thoracic-delineation-1"', 'id = "shoulders"').replace("thoracic", "shoulder")
    text = text.replace("Thoracic", "Shoulder").replace("[levels]", f"{SITE}\n[levels]", 1)
    path = tmp_path_factory.mktemp("profile") / "shoulders.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_plan_of_another_site_is_assessed_by_a_profile_in_one_file(profile, tmp_path, capsys):
    plan, out = tmp_path / "plan", tmp_path / "evidence"
    write_sample("routine_sbrt", plan)
    assert run(["profile", "check", str(profile)]) == 0
    capsys.readouterr()
    chosen = ["--profile", str(profile), "--site", "shoulder"]
    assert run(["analyze", str(plan), *chosen, "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["plan"]["facts"]["site"] == "shoulder"
    assert record["score"]["stratum"].startswith("shoulder")
    assert record["verdict"]["value"] in {"supports", "rejects", "indeterminate"}
    about_complexity = [record["verdict"]["text"], *record["verdict"]["for"], *record["verdict"]["against"]]
    assert not [text for text in about_complexity if re.search("thora|chest", text, re.IGNORECASE)]
    assert record["verdict"]["claim"] == "not_eligible"
    assert run(["analyze", str(plan), *chosen, "--out", str(out)]) == 0
    assert run(["verify", str(out)]) == 0


def test_a_plan_of_the_first_site_is_none_of_the_second(profile, tmp_path, capsys):
    plan = tmp_path / "plan"
    write_sample("routine_sbrt", plan)
    assert run(["analyze", str(plan), "--profile", str(profile), "--site", "pelvis", "--json"]) == 0
    verdict = json.loads(capsys.readouterr().out)["verdict"]
    assert verdict["value"] == "insufficient_evidence"
    assert "shoulder only" in verdict["reasons"][0]["text"]
