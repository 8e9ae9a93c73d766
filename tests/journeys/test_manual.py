"""The API describes itself, to people and to programs."""

import re

import pytest

from support.box import RunningBox

pytestmark = [pytest.mark.servers, pytest.mark.journey]


def test_the_page_fetches_everything_from_here(box: RunningBox, tenant: str) -> None:
    http = box.tenant(tenant).http
    root = http.base_url.join("/")
    page = http.get(str(root.join("/docs"))).text
    wanted = re.findall(r"""(?:src|href)=["']([^"']+)["']""", page)
    assert "/docs/assets/swagger-ui-bundle.js" in wanted
    assert all(path.startswith("/") for path in wanted)
    assert [path for path in wanted if http.get(str(root.join(path))).status_code != 200] == []


def test_every_route_is_described_with_what_may_go_wrong(box: RunningBox, tenant: str) -> None:
    http = box.tenant(tenant).http
    paths = http.get(str(http.base_url.join("/openapi.json"))).json()["paths"]
    for path, methods in paths.items():
        for method, operation in methods.items():
            problems = [a for code, a in operation["responses"].items() if code >= "400"]
            assert problems, (method, path)
            assert all("application/problem+json" in a["content"] for a in problems), path
