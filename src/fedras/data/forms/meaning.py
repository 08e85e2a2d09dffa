"""What columns are called in the tables that people have."""

import re

_END = r"(s|ids?|keys?|no|nr|num|number|code|hash|sha1|uuid|guid|name|names|index|idx)?"
_USER = r"(user|usr|member|customer|cust|client|visitor|reviewer|account|person|profile|buyer|"
_USER += r"listener|viewer|player|student|learner|subscriber|shopper|guest|rater|patron|patient)"
_ITEM = r"(parent)?(item|movie|film|artist|album|product|prod|book|isbn|song|music|track|asin|sku|"
_ITEM += r"article|show|series|game|app|application|business|venue|place|poi|location|loc|course|"
_ITEM += r"recipe|restaurant|video|stock|anime|manga|content|offer|news|joke|beer|wine|hotel|"
_ITEM += r"listing|paper|document|doc|podcast|episode|repo|repository|dish|lecture|exercise)"
_DONE = r"(created|added|updated|listened|watched|played|visited|viewed|rated|reviewed|bought|"
_DONE += r"purchased|ordered|occurred|clicked|logged|modified|submitted|posted|finished|started)"
_PATTERNS = {
    "user": re.compile(rf"{_USER}{_END}|uid|u"),
    "item": re.compile(rf"{_ITEM}{_END}|iid|i"),
    "rating": re.compile(r".*(rating|ratings|stars|score)|overall|r"),
    "time": re.compile(
        rf".*(timestamp|datetime|date|time|tstamp)|tdat|dt|ts|t|when|.*{_DONE}(at|on)|unixtime.*|"
        r".*(utc|datetimeutc)|day|year|date(added|updated|created|posted)"
    ),
    "title": re.compile(r".*(title|name|names|label|description)"),
    "id": re.compile(r"id|.*ids?|code|key"),
}
_ROLES = ("user", "item", "rating", "time")
_NO_TIME = re.compile(
    r".*(play|run|read|watch|life|down|real|prep|cook|total|birth|release|releases?|air|pub)"
    r"(ing)?(time|date)|.*(release|birth|publi)\w*(date|time)?|.*timezone"
)


def plain(name: str) -> str:
    """Return a column's name in small letters and digits, without RecBole's type behind it."""
    return re.sub(r"[\W_]+", "", name.split(":", maxsplit=1)[0].lower())


def means(name: str, role: str) -> bool:
    """Return whether a column called ``name`` may be the user, item, rating, time, title or id."""
    bare = plain(name)
    if _PATTERNS[role].fullmatch(bare) is None:
        return False
    return role != "time" or _NO_TIME.fullmatch(bare) is None


def are_names(cells: list[str]) -> bool:
    """Return whether these are names of columns rather than cells.

    Names of one or two letters, which ids may have too, count where user and item are among them.
    """
    if any(any(means(cell, role) for cell in cells if len(plain(cell)) > 2) for role in _ROLES):
        return True
    return all(any(means(cell, role) for cell in cells) for role in ("user", "item"))
