"""Times as people write them: read right, or refused in one line."""

from pathlib import Path

import pytest
from helpers.own_tables import HISTORY, SECONDS, histories, table, write

from fedras.data import load
from fedras.errors import DataError

TIMES = {
    "utc": tuple(f"2019-10-0{d} 10:00:00 UTC" for d in (3, 1, 2, 4, 1)),
    "z": tuple(f"2019-10-0{d}T10:00:00.250Z" for d in (3, 1, 2, 4, 1)),
    "zones": (
        "2019-10-03T00:00:00+02:00",
        "2019-10-02T21:30:00Z",
        "2019-10-02 21:45:00+0000",
        "2019-10-04 10:00:00+05:30",
        "2019-10-04 04:00:00Z",
    ),
    "days": ("2019-10-03", "2019-10-01", "2019-10-02", "2019-10-04", "2019-10-01"),
    "slashes": ("2019/10/03", "2019/10/01", "2019/10/02", "2019/10/04", "2019/10/01"),
    "day first": (
        "13/10/2019 10:00",
        "1/10/2019 9:00",
        "2/10/2019 8:00",
        "4/10/2019 7:00",
        "1/10/2019 7:00",
    ),
    "month first": (
        "10/13/2019 8:55:22 AM",
        "10/1/2019 8:55:22 AM",
        "10/1/2019 8:55:22 PM",
        "10/4/2019 8:55:22 AM",
        "10/1/2019 1:00:00 AM",
    ),
    "points": ("03.10.2019", "01.10.2019", "02.10.2019", "04.10.2019", "31.01.2019"),
    "twitter": tuple(f"Tue Apr 0{d} 18:00:09 +0000 2012" for d in (3, 1, 2, 4, 1)),
    "mail": tuple(f"Tue, 0{d} Apr 2012 18:00:09" for d in (3, 1, 2, 4, 1)),
    "amazon": ("02 28, 2014", "02 1, 2014", "02 11, 2014", "03 1, 2014", "01 31, 2014"),
    "months": ("3 Oct 2019", "1 Oct 2019", "2 Oct 2019", "4 Oct 2019", "1 Oct 2019"),
    "thousands": tuple(f'"{int(s):,}"' for s in SECONDS),
    "milliseconds": tuple(f"{s}123" for s in SECONDS),
    "fractions": tuple(f"{s}.5" for s in SECONDS),
    "small": ("30", "10", "20", "40", "10"),
    "compact": ("20191003", "20191001", "20191002", "20191004", "20191001"),
}


@pytest.mark.parametrize("form", TIMES)
def test_times(tmp_path: Path, form: str) -> None:
    header = "user,item,when"
    content = table(TIMES[form], header, "{},{},{}")
    if "," in TIMES[form][0].strip('"') and form != "thousands":
        content = table(TIMES[form], "user|item|when", "{}|{}|{}")
    data = load(str(write(tmp_path, content)))
    assert histories(data) == HISTORY
    assert data.columns == "user=user, item=item, time=when"


@pytest.mark.parametrize(
    ("times", "says"),
    [
        (
            ("1570096800", "1569924000000", "1570010400", "0", "1"),
            ":3: the timestamp 1569924000000 is in another unit",
        ),
        (("1570096800", "2019-10-01", "1", "2", "3"), ":3: expected a number as timestamp"),
        (
            ("2019-10-01", "2019-10-02", "1569924000", "2", "3"),
            ":4: expected a number as timestamp",
        ),
        (("04/05/2020 13:58", "05/04/2020", "1/2/2020", "2/3/2020", "3/4/2020"), ":3: expected"),
        (("04/05/2020", "05/04/2020", "1/2/2020", "2/3/2020", "3/4/2020"), "time_format=%d/%m/%Y"),
        (("31.04.2020", "01.04.2020", "02.04.2020", "03.04.2020", "04.04.2020"), ":2: expected"),
        (("", "1", "2", "3", "4"), ":2: expected a number as timestamp"),
        (("now", "now", "now", "now", "now"), ":2: expected a number as timestamp"),
    ],
)
def test_times_that_cannot_be_meant(tmp_path: Path, times: tuple[str, ...], says: str) -> None:
    path = write(tmp_path, table(times))
    with pytest.raises(DataError) as error:
        load(str(path))
    assert says in str(error.value)
    assert "\n" not in str(error.value)
    load(str(path), options={"columns": "time=none"})


def test_a_given_style_of_dates(tmp_path: Path) -> None:
    times = ("04/05/2020", "05/04/2020", "06/04/2020", "06/04/2020", "05/04/2020")
    path = str(write(tmp_path, table(times)))
    assert histories(load(path, options={"time_format": "%d/%m/%Y"})) == HISTORY
    with pytest.raises(DataError, match=":2: the time '04/05/2020' is not written as %Y"):
        load(path, options={"time_format": "%Y"})
