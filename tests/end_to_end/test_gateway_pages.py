"""Each service says that it is done and gives a page of HTML in place of what it made: refused, recorded, paid once.

The site takes texts, too, and would release the page as one if it asked no more than whose file it is.
"""

import base64
import json

import pytest

from api.ordering import go_on, open_jobs, order_and_release
from api.output import parse_output
from api.wiring import open_site
from generation.gateways.base import GATEWAYS, Kind, Order
from generation.gateways.jobs import JobState
from generation.gateways.work import Pace
from policies.line.standing import list_standings
from tests.generation.gateways.provider import build, serve
from tests.letters import letter
from tests.sites import build_light_settings

PAGE = b"<!DOCTYPE html><html><body><h1>Sign in</h1><p>" + letter() + b"</p></body></html>"
DRAWN = base64.b64encode(PAGE).decode()
URL = "{url}/page"
IMAGE, CLIP = Kind.TEXT_TO_IMAGE, Kind.TEXT_TO_VIDEO
KLING = {"task_id": "7", "task_status": "submitted"}
GOOGLE = "projects/p/locations/us-central1/publishers/google/models/veo/operations/1"
TASK = {"Status": "FINISH", "ErrCode": 0, "Message": "", "Output": {"FileInfos": [{"FileUrl": URL}]}}
KEYED, SIGNED = {"api_key": "k"}, {"access_key": "a", "secret_key": "s" * 16}
VOD = {"secret_id": "i", "secret_key": "s", "sub_app_id": "1"}

CASES = {
    "kling": (SIGNED, CLIP, [
        {"code": 0, "data": KLING},
        {"code": 0, "data": {**KLING, "task_status": "succeed", "task_result": {"videos": [{"url": URL}]}}},
    ]),
    "hunyuan": (KEYED, CLIP, [{"task_id": "t"}, {"status": "succeeded", "video_url": URL}]),
    "tencent_vod": (VOD, CLIP, [
        {"Response": {"TaskId": "1-AigcVideoTask-1"}}, {"Response": {"Status": "FINISH", "AigcVideoTask": TASK}},
    ]),
    "musesteamer": (KEYED, IMAGE, [{"id": "i", "data": [{"url": URL}]}]),
    "ark": (KEYED, CLIP, [{"id": "c"}, {"status": "succeeded", "content": {"video_url": URL}}]),
    "wan": (KEYED, CLIP, [
        {"output": {"task_id": "t", "task_status": "PENDING"}},
        {"output": {"task_id": "t", "task_status": "SUCCEEDED", "video_url": URL}},
    ]),
    "vidu": (KEYED, CLIP, [{"task_id": "t", "state": "created"}, {"state": "success", "creations": [{"url": URL}]}]),
    "google": ({**KEYED, "project": "p"}, CLIP, [
        {"name": GOOGLE}, {"done": True, "response": {"videos": [{"bytesBase64Encoded": DRAWN}]}},
    ]),
    "openai_images": (KEYED, IMAGE, [{"data": [{"b64_json": DRAWN}]}]),
    "openai_videos": ({**KEYED, "model": "m"}, CLIP, [{"id": "v", "status": "queued"}, {"id": "v", "status": "completed"}]),
}  # fmt: skip
INSIDE = {"google", "openai_images"}
"""What they make comes with their answer."""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    settings = build_light_settings(tmp_path_factory.mktemp("pages") / "home", media=("picture", "text"))
    with open_site(settings, quiet=True) as opened:
        yield opened


@pytest.fixture
def provider():
    with serve() as serving:
        yield serving


def set_up(name, provider):
    """Return the service, which will answer as it is documented, and what is ordered."""
    options, kind, answers = CASES[name]
    for answer in answers:
        provider.say(json.loads(json.dumps(answer).replace("{url}", provider.url)))
    if name not in INSIDE:
        provider.say(PAGE, content_type="video/mp4")
    return build(name, provider, **options), Order(kind, "a paper boat on a pond")


def pace():
    return Pace(sleep=lambda _seconds: None, may_be_local=True)


def test_no_service_is_left_out():
    assert CASES.keys() == set(GATEWAYS.names())


@pytest.mark.parametrize("name", CASES)
def test_a_page_in_place_of_a_file_is_refused_recorded_and_paid_once(site, provider, name, tmp_path):
    gateway, order = set_up(name, provider)
    target = parse_output(str(tmp_path / "out") + "/")
    before = len(list_standings(site.deployment, most=99))
    job, (ended,) = order_and_release(site, gateway, order, target, key=f"page-{name}", pace=pace())
    assert job.state is JobState.FAILED
    assert "as was ordered, got text/html" in job.outcome["problem"]
    assert ended.result is None
    calls = len(provider.asked)
    again, more = order_and_release(site, gateway, order, target, key=f"page-{name}", pace=pace())
    assert (again.id, again.state, more) == (job.id, JobState.FAILED, [])
    assert go_on(site, gateway, again, target) == (again, [])
    assert len(provider.asked) == calls
    assert not provider.answers
    assert len(list_standings(site.deployment, most=99)) == before
    assert [file.read() for file in open_jobs(site.deployment).files(job)] == [PAGE]
