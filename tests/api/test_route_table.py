from typing import Annotated

from fastapi import APIRouter

from api.access.guard import require
from api.access.identity import Actor, Permission
from api.route_table import RouteTable, find_permissions


def read(actor: Annotated[Actor, require(Permission.RELEASE, Permission.READ_ASSETS)]):
    return actor


def test_methods_and_permissions_of_an_address():
    router, table = APIRouter(prefix="/v1"), RouteTable()
    router.add_api_route("/things/{id}", read, methods=["GET"])
    router.add_api_route("/things/{id}", lambda: 1, methods=["DELETE"])
    table.add(router)
    assert table.find_methods("/v1/things/7") == ("DELETE", "GET", "HEAD", "OPTIONS")
    assert table.find_methods("/v1/others") == ()
    assert [find_permissions(route) for route in table.routes] == [(Permission.RELEASE, Permission.READ_ASSETS), ()]
