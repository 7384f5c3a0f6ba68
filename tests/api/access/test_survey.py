from api.access.survey import find_requirements, list_routes
from api.app import create_app


def test_every_route_is_found_and_what_it_asks_for():
    routes = {route.path: route for route in list_routes(create_app().routes)}
    assert {"/healthz", "/desk", "/sign-in", "/openapi.json"} <= routes.keys()
    assert [str(one) for one in find_requirements(routes["/desk"])] == ["assets.read"]
    assert [str(one) for one in find_requirements(routes["/sign-out"])] == ["any person"]
    assert find_requirements(routes["/healthz"]) == ()


def test_the_description_says_what_a_route_takes():
    described = create_app().openapi()["paths"]
    assert described["/v1/works"]["get"]["x-permission"] == "works.read"
    assert "x-permission" not in described["/healthz"]["get"]
