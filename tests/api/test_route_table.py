from fastapi import APIRouter

from api.route_table import RouteTable


def test_methods_of_an_address():
    router, table = APIRouter(prefix="/v1"), RouteTable()
    router.add_api_route("/things/{id}", lambda: 1, methods=["GET"])
    router.add_api_route("/things/{id}", lambda: 1, methods=["DELETE"])
    table.add(router)
    assert table.find_methods("/v1/things/7") == ("DELETE", "GET", "HEAD", "OPTIONS")
    assert table.find_methods("/v1/others") == ()
