"""The pages: a user, an item, somebody new, and what is found while somebody types."""

from collections.abc import Iterable, Sequence
from importlib.resources import files
from typing import Any

import jinja2
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fedras.errors import FedrasError, UsageError
from fedras.explorer.finder import LONGEST, Finder
from fedras.explorer.popular import Popular
from fedras.pages.look import base_css
from fedras.run.ranking import Ranking
from fedras.run.recommender import Recommender

K = 10
"""How many items a list has, and how many suggestions there are."""
MOST_LIKED = 100
"""The most items that somebody new can tick."""

_LATEST, _EARLIER = 10, 490  # items of a history: shown at once, and when it is unfolded
_OFFERED = 30  # popular items that can be ticked without a search
_LONGEST_ADDRESS = 1 << 15  # bytes
_HOSTS = ["127.0.0.1", "localhost"]
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


def site(model: Recommender, name: str) -> Starlette:
    """Return the application that shows a trained federation.

    It answers to the names of this machine alone, so that no other site's name can be made to
    lead here, and lets nothing in its pages that is not from itself. It keeps nothing.

    Parameters
    ----------
    model
        What is asked.
    name
        What the pages call it.
    """
    pages = _Pages(model, name)
    return Starlette(
        routes=[
            Route("/", pages.home),
            Route("/user", pages.user),
            Route("/item", pages.item),
            Route("/new", pages.new),
            Route("/find", pages.find),
            Route("/style.css", pages.style),
            Route("/script.js", pages.script),
        ],
        middleware=[
            Middleware(_guarded),
            Middleware(TrustedHostMiddleware, allowed_hosts=_HOSTS, www_redirect=False),
        ],
        exception_handlers={FedrasError: pages.refusal, HTTPException: pages.refusal},
    )


class _Pages:
    """What each address answers. One answer is made at a time, as the core uses all threads."""

    def __init__(self, model: Recommender, name: str) -> None:
        self._model = model
        self._popular = Popular(model)
        titles = None if model.data.titles is None else model.data.titles.tolist()
        self._finders = {
            "user": Finder(model.users),
            "item": Finder(model.items, titles, self._popular.order()),
        }
        self._templates = jinja2.Environment(
            loader=jinja2.FunctionLoader(_text),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=jinja2.StrictUndefined,
        )
        self._templates.globals |= {
            "name": name,
            "model": model,
            "users_with": self._popular.users,
            "longest": LONGEST,
            "most_liked": MOST_LIKED,
        }

    async def home(self, request: Request) -> Response:
        users = self._model.users[: 2 * K]
        return self._page("home", users=users, popular=self._popular.best(K))

    async def user(self, request: Request) -> Response:
        name = _one(request, "id")
        best = self._model.recommend(name, K)
        had = self._model.items_of(name)
        return self._page(
            "user",
            user=name,
            latest=had[:_LATEST],
            earlier=had[_LATEST : _LATEST + _EARLIER],
            n_items=len(had),
            best=best,
            **self._beside(best, [item.item for item in had]),
        )

    async def item(self, request: Request) -> Response:
        found = self._model.find(_one(request, "id"))
        near = self._model.similar(found, K)
        return self._page("item", item=self._model.item(found), near=near)

    async def new(self, request: Request) -> Response:
        liked = [*request.query_params.getlist("item"), *_given(request, "add")]
        if len(liked) > MOST_LIKED:
            raise UsageError(f"{len(liked)} items are ticked; tick {MOST_LIKED} at most")
        ids = list(dict.fromkeys(map(self._model.find, liked)))
        best = self._model.fold_in(ids, K) if ids else Ranking()
        return self._page(
            "new",
            liked=list(map(self._model.item, ids)),
            offered=self._popular.best(_OFFERED, but=ids),
            added=bool(_given(request, "add")),
            best=best,
            **self._beside(best, ids),
        )

    async def find(self, request: Request) -> Response:
        what, text = request.query_params.get("what", ""), request.query_params.get("text", "")
        if what not in self._finders or len(text) > LONGEST:
            raise UsageError(f"find a user or an item, by {LONGEST} characters at most")
        found = self._finders[what](text, K)
        titles = [self._model.item(each).title if what == "item" else None for each in found]
        return JSONResponse(
            [{"id": each, "title": title} for each, title in zip(found, titles, strict=True)]
        )

    async def style(self, request: Request) -> Response:
        return Response(base_css() + _text("explorer.css"), media_type="text/css")

    async def script(self, request: Request) -> Response:
        return Response(_text("explorer.js"), media_type="text/javascript")

    async def refusal(self, request: Request, error: Exception) -> Response:
        """Answer in one line what cannot be answered."""
        if isinstance(error, HTTPException):
            return self._page("refusal", error.status_code, said=error.detail)
        status = 400 if isinstance(error, UsageError) else 500
        return self._page("refusal", status, said=str(error))

    def _beside(self, best: Ranking, known: Sequence[str]) -> dict[str, Any]:
        """Return what popularity says to somebody who has some items, and how much is the same."""
        popular = self._popular.best(K, but=known)
        return {"popular": popular, "shared": len(_ids(best) & _ids(popular))}

    def _page(self, page: str, status: int = 200, **values: Any) -> Response:
        text = self._templates.get_template(f"{page}.html.jinja").render(values)
        return HTMLResponse(text, status)


def _guarded(application: ASGIApp) -> ASGIApp:
    """Let every answer have the headers that keep other sites out, and no question be endless."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        too_long = len(scope["raw_path"]) + len(scope["query_string"]) > _LONGEST_ADDRESS
        refused = PlainTextResponse("the address is too long", 414)
        await (refused if too_long else application)(scope, receive, answer)

    return wrapped


def _given(request: Request, name: str) -> list[str]:
    """Return what was typed in a field, without what is empty."""
    return [text for text in request.query_params.getlist(name) if text.strip()]


def _one(request: Request, name: str) -> str:
    values = _given(request, name)
    if len(values) != 1:
        raise UsageError(f"say which one: {request.url.path}?{name}=...")
    return values[0]


def _ids(ranking: Iterable[Any]) -> set[str]:
    return {each.item for each in ranking}


def _text(name: str) -> str:
    return (files("fedras.explorer") / name).read_text("utf-8")
