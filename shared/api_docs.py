"""The page `/docs`: Swagger UI over the service's own document. All it needs comes from here, so it works where no other host can be reached."""

import json
from html import escape
from importlib.resources import files

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

AT = "/docs"
KIT = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css", "favicon.png": "image/png"}  # of the package
PATHS = (AT, f"{AT}/start.js", *(f"{AT}/{name}" for name in KIT))
LAID_OUT = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}
KEPT = {"Cache-Control": "public, max-age=86400"}
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<link rel="stylesheet" href="{at}/swagger-ui.css"><link rel="icon" href="{at}/favicon.png"></head>
<body><div id="page"></div><script src="{at}/swagger-ui-bundle.js"></script><script src="{at}/start.js"></script></body></html>"""
START = "SwaggerUIBundle({told});"


def add_docs(app: FastAPI) -> None:
    """Open, as the document is."""

    def page(request: Request) -> Response:
        return HTMLResponse(PAGE.format(title=escape(app.title), at=f"{root(request)}{AT}"), headers=LAID_OUT)

    def start(request: Request) -> Response:
        told = {"url": f"{root(request)}{app.openapi_url}", "dom_id": "#page", "deepLinking": True, "persistAuthorization": False}
        return Response(START.format(told=json.dumps(told)), media_type="text/javascript")

    def kit(request: Request) -> Response:
        name = request.url.path.rpartition("/")[2]
        return Response((files("fastapi_offline") / "static" / name).read_bytes(), media_type=KIT[name], headers=KEPT)

    app.add_route(AT, page)
    app.add_route(f"{AT}/start.js", start)
    for name in KIT:
        app.add_route(f"{AT}/{name}", kit)


def root(request: Request) -> str:
    """Where a proxy has hung us."""
    return str(request.scope.get("root_path", ""))
