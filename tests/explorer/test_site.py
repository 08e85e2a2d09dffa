"""What the pages say, and whom they refuse."""

import json
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from urllib.parse import quote, urlencode

import pytest
from explorer.conftest import EVIL, ITEMS, TITLES, USERS, Reply, Served

from fedras.explorer import site
from fedras.explorer.popular import Popular
from fedras.run.recommender import Recommender

PAGES = ("/", "/user?id=u01", "/item?id=i1", "/new", "/new?item=i1&item=i2")


def linked(reply: Reply, heading: str) -> list[str]:
    """Return the items below a heading, by the links to their pages."""
    below = reply.text.partition(f"<h2>{heading}</h2>")[2].partition("<h2>")[0]
    return [unescape(each) for each in re.findall(r'href="/item\?id=([^"]*)"', below)]


def quoted(items: list[str]) -> list[str]:
    return [quote(item) for item in items]


def said(reply: Reply) -> str:
    (line,) = re.findall('<p role="alert">(.*)</p>', reply.text)
    return unescape(line)


@pytest.mark.parametrize("user", USERS)
def test_a_user(user: str, served: Served) -> None:
    reply = served.ask("/user?" + urlencode({"id": user}))
    best = served.model.recommend(user)
    assert reply.status == 200
    assert linked(reply, "Recommended") == quoted([each.item for each in best])
    had = [each.item for each in served.model.items_of(user)]
    assert linked(reply, "History") == quoted(had)
    for each in best:
        assert f"{each.score:.3f}" in reply.text
    popular = linked(reply, "What popularity says")
    assert not set(popular) & set(quoted(had))
    shared = len(set(popular) & set(quoted([each.item for each in best])))
    assert f"{shared} of these {len(popular)} " in reply.text


def test_popularity_counts_users(model: Recommender) -> None:
    counts = Counter(item for user in USERS for item in {i.item for i in model.items_of(user)})
    popular = Popular(model)
    assert {item: popular.users(item) for item in model.items} == counts
    best = popular.best(len(model.items), but=["i1"])
    assert "i1" not in {each.item for each in best}
    assert [each.score for each in best] == sorted((each.score for each in best), reverse=True)
    assert [model.items[at] for at in popular.order()][:3] == [
        each.item for each in popular.best(3)
    ]


@pytest.mark.parametrize("item", ITEMS[:10])
def test_an_item(item: str, served: Served) -> None:
    reply = served.ask("/item?" + urlencode({"id": item}))
    near = served.model.similar(item)
    assert linked(reply, "Nearest items") == quoted([each.item for each in near])
    assert all(f"{each.score:.3f}" in reply.text for each in near)


def test_an_item_by_its_title(served: Served) -> None:
    by_id = served.ask("/item?id=i4")
    assert served.ask("/item?" + urlencode({"id": "zo\u00eb"})).text == by_id.text
    assert "Zo\u00eb" in by_id.text


def test_somebody_new(served: Served) -> None:
    reply = served.ask("/new?item=i9&item=i8&item=i9")
    best = served.model.fold_in(["i9", "i8"])
    assert linked(reply, "Recommended") == quoted([each.item for each in best])
    assert re.findall(r'value="(\w+)" checked', reply.text) == ["i9", "i8"]
    assert served.ask("/new?item=i9&add=Film+8%2C").text.replace(" autofocus", "") == (
        served.ask("/new?item=i9&item=i8").text
    )
    nobody = served.ask("/new?add=+")
    assert nobody.status == 200
    assert "Tick what somebody likes." in nobody.text
    assert linked(nobody, "Recommended") == []


def test_what_is_found(served: Served) -> None:
    def found(**asked: str) -> list[tuple[str, str | None]]:
        reply = served.ask("/find?" + urlencode(asked))
        assert reply.headers["content-type"] == "application/json"
        return [(each["id"], each["title"]) for each in json.loads(reply.text)]

    assert found(what="user", text="U0") == [(f"u0{n}", None) for n in range(10)]
    assert found(what="user", text="script") == [(EVIL, None)]
    assert {name for name, _ in found(what="item", text="script")} == {"i3", f"i6{EVIL}"}
    assert dict(found(what="item", text="zo\u00eb")) == {"i4": TITLES["i4"]}
    popular = [each.item for each in Popular(served.model).best(site.K)]
    assert [name for name, _ in found(what="item", text="")] == popular
    assert found(what="item", text="no such thing") == []


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("/user?id=u1", "has no user 'u1'; did you mean "),
        ("/user?" + urlencode({"id": EVIL + "x"}), f"has no user {EVIL + 'x'!r}; did you mean "),
        ("/user", "say which one: /user?id=..."),
        ("/user?id=", "say which one: /user?id=..."),
        ("/user?id=u01&id=u02", "say which one: /user?id=..."),
        ("/item?id=nothing", "no item with 'nothing' in its title"),
        ("/item?id=Film", "'Film' is in the titles of "),
        ("/new?item=nothing", "no item with 'nothing' in its title"),
        ("/new?" + "&".join(["item=i1"] * 101), "101 items are ticked; tick 100 at most"),
        ("/find?what=user&text=" + "a" * 201, "by 200 characters at most"),
        ("/find?what=__init__&text=a", "find a user or an item"),
        ("/find", "find a user or an item"),
    ],
)
def test_what_cannot_be_shown_is_one_line(path: str, line: str, served: Served) -> None:
    reply = served.ask(path)
    assert reply.status == 400
    assert line in said(reply)
    assert "<script>alert" not in reply.text


def test_other_addresses_and_methods(served: Served) -> None:
    assert served.ask("/nothing").status == 404
    assert served.ask("/..%2f..%2fetc/passwd").status == 404
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        assert served.ask("/user?id=u01", method).status == 405
    for path in ("/" + "a" * 40_000, "/user?id=" + "a" * 40_000):
        assert served.ask(path).status == 414


@pytest.mark.parametrize("path", PAGES)
def test_names_of_the_data_are_text_and_nothing_else(path: str, served: Served) -> None:
    paths = [path, "/user?" + urlencode({"id": EVIL}), "/item?id=i3", "/new?item=i3&item=i4"]
    for each in [*paths, "/item?" + urlencode({"id": f"i6{EVIL}"})]:
        text = served.ask(each).text
        assert "<script>alert" not in text
        assert "run <b>" not in text
        assert text.count("<script") == 1
        assert not re.search(r"\son\w+=|style=|javascript:", text)


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", ""])
def test_no_other_name_leads_here(host: str, served: Served) -> None:
    for path in (*PAGES, "/find?what=user&text=", "/style.css"):
        reply = served.ask(path, Host=host)
        assert reply.status == 400
        assert "u01" not in reply.text


def test_the_names_of_this_machine_do(served: Served) -> None:
    port = served.url.split(":")[2].rstrip("/")
    for host in (f"127.0.0.1:{port}", f"localhost:{port}", "localhost"):
        assert served.ask("/", Host=host).status == 200


@pytest.mark.parametrize("path", [*PAGES, "/style.css", "/script.js", "/find", "/nothing"])
def test_headers_keep_other_sites_out(path: str, served: Served) -> None:
    for host in ("localhost", "evil.example"):
        headers = served.ask(path, Origin="https://evil.example", Host=host).headers
        assert not [name for name in headers if name.startswith("access-control")]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert "server" not in headers


def test_questions_at_once_get_the_answers_of_one_after_the_other(served: Served) -> None:
    paths = [f"/user?id=u0{n}" for n in range(8)] + [f"/new?item=i{n}" for n in range(8, 16)]
    alone = [served.ask(path).text for path in paths]
    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(lambda path: served.ask(path).text, paths)) == alone
