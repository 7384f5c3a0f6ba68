"""Beside a running server, what a killed process left is finished: by the server, and by any command."""

import time

from api.upkeep import keep_up
from api.wiring import open_site
from policies.line.sweeping import unfinished
from tests.outside.killed import kill_at
from tests.sites import build_light_settings


def test_a_command_finishes_it_while_the_server_runs(tmp_path):
    settings = build_light_settings(tmp_path / "home")
    with open_site(settings) as server:
        asset_id = kill_at(settings.home, "publish")
        assert unfinished(server.deployment) == (asset_id,)
        with open_site(settings):  # any other command
            assert unfinished(server.deployment) == ()
        kinds = [entry.kind for entry in server.deployment.log.entries(subject=asset_id)]
        assert sorted(kinds) == ["asset.released", "decision.made"]


def test_the_server_itself_finishes_it(tmp_path):
    settings = build_light_settings(tmp_path / "home")
    with open_site(settings) as server, keep_up(server.deployment, every_s=0.1):
        asset_id = kill_at(settings.home)
        for _ in range(600):
            if server.deployment.log.find(f"release:{asset_id}") and unfinished(server.deployment) == ():
                break
            time.sleep(0.05)
        assert unfinished(server.deployment) == ()
        assert [key for key, _ in server.deployment.blobs.public.keys(f"{asset_id}/") if "media" in key]
