"""`/docs`: the API's description as a page, with nothing fetched from elsewhere."""

from importlib.resources import files
from pathlib import Path

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

PAGE = "/docs"
ASSETS = "/docs/assets"
ICON = f"{ASSETS}/favicon-32x32.png"


def add_manual(app: FastAPI) -> None:
    """Serve the page and its assets, which come with the package `swagger-ui-py`."""

    @app.get(PAGE, include_in_schema=False)
    async def manual() -> HTMLResponse:
        return get_swagger_ui_html(
            openapi_url="/openapi.json",
            title="Kundvakt API",
            swagger_js_url=f"{ASSETS}/swagger-ui-bundle.js",
            swagger_css_url=f"{ASSETS}/swagger-ui.css",
            swagger_favicon_url=ICON,
        )

    app.mount(ASSETS, StaticFiles(directory=Path(str(files("swagger_ui") / "static"))))
