from policies import gate
from policies.review.figures import count_stages
from tests.sites import submission


def test_stages_are_counted(site):
    gate.release(site.deployment, submission())
    assert count_stages(site.deployment.database) == {"published": 1}
    assert count_stages(site.deployment.database, "other") == {}
