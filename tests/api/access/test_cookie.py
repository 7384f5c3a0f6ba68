from starlette.requests import HTTPConnection
from starlette.responses import Response

from api.access.cookie import drop_session, find_token, set_session
from api.settings import load_settings


def settings(tmp_path, origin):
    return load_settings(home=tmp_path, http={"origin": origin})


def written(write, *arguments):
    answer = Response()
    write(answer, *arguments)
    return answer.headers["set-cookie"]


def test_https_has_the_strictest_cookie_that_browsers_know(tmp_path):
    secure, plain = settings(tmp_path, "https://gate"), settings(tmp_path, "http://127.0.0.1")
    assert written(set_session, secure, "t") == "__Host-chopmark_session=t; HttpOnly; Path=/; SameSite=lax; Secure"
    assert written(set_session, plain, "t") == "chopmark_session=t; HttpOnly; Path=/; SameSite=lax"
    assert "Max-Age=0" in written(drop_session, secure)


def test_the_cookie_of_http_is_no_way_into_https(tmp_path):
    request = HTTPConnection({"type": "http", "headers": [(b"cookie", b"chopmark_session=t")]})
    assert find_token(request, settings(tmp_path, "https://gate")) == ""
    assert find_token(request, settings(tmp_path, "http://gate")) == "t"
