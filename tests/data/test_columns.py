"""Which column is which, and what is refused in one line that says what to do."""

from pathlib import Path
from typing import Any

import pytest
from helpers.own_tables import histories, write

from fedras.data import leave_one_out, load
from fedras.errors import DataError


@pytest.mark.parametrize(
    ("content", "held_out", "columns"),
    [
        # the finer of two times
        (
            "user,item,date,timestamp\n7,a,2020-03-01,1583053200\n7,b,2020-03-01,1583049600\n"
            "8,b,2020-03-01,1583056800\n8,a,2020-03-01,1583050000\n",
            ["a", "b"],
            "user=user, item=item, time=timestamp; not used: date",
        ),
        # a day and a clock
        (
            "user,item,date,time\n7,a,2020-03-01,13:58\n7,b,2020-03-01,09:15\n8,b,2020-03-02,01:00\n"
            "8,a,2020-03-01,23:00\n",
            ["a", "b"],
            "user=user, item=item, time=date + time",
        ),
        # year, month and day
        (
            "userID\tartistID\ttagID\tday\tmonth\tyear\n7\ta\t1\t1\t4\t2009\n7\tb\t1\t1\t12\t2008\n"
            "8\tb\t1\t2\t4\t2009\n8\ta\t1\t1\t4\t2009\n",
            ["a", "b"],
            "user=userID, item=artistID, time=year + month + day; not used: tagID",
        ),
        # ids win over names
        (
            "user_name,user_id,movie,movie_id,timestamp\nA,7,Home,a,20\nA,7,Home,b,10\n"
            "A,8,Ring,a,1\nA,8,Ring,b,2\n",
            ["a", "b"],
            "user=user_id, item=movie_id, time=timestamp; not used: user_name, movie",
        ),
        # no time that is known
        (
            "customer,product,qty\n7,a,3\n7,b,1\n8,a,1\n8,b,5\n",
            ["b", "b"],
            "user=customer, item=product, time=none (order of the file); not used: qty",
        ),
        # the third column is a time
        (
            "7,a,1500000100\n7,b,1500000050\n8,a,1500000007\n8,b,1500000009\n",
            ["a", "b"],
            "user=column 1, item=column 2, time=column 3; by their order, not their names; if this "
            "is wrong: --columns user=1,item=2,...",
        ),
        # a name that is no time
        (
            "user,item,release_date,playtime\n7,a,2020-01-01,5\n7,b,2019-01-01,4\n8,a,2020-01-01,1\n",
            ["b", "a"],
            "user=user, item=item, time=none (order of the file); not used: release_date, playtime",
        ),
    ],
)
def test_how_columns_are_understood(
    tmp_path: Path, content: str, held_out: list[str], columns: str
) -> None:
    data = load(str(write(tmp_path, content)))
    assert data.columns == columns
    split = leave_one_out(data)
    assert (
        data.item_ids[split.held_out].tolist()[: len(held_out)] == held_out
        or min(split.held_out) < 0
    )


REFUSED: dict[str, tuple[str, dict[str, Any], str]] = {
    "two items": ("user,asin,parent_asin\n1,a,b\n", {}, "asin and parent_asin may all be the item"),
    "two times": (
        "user,item,created_at,updated_at\n1,a,1,2\n1,b,2,1\n",
        {},
        "created_at and updated_at may both be the time",
    ),
    "twice": ("user,item,item\n1,a,b\n1,b,a\n", {}, "columns 2 and 3 are called item"),
    "lists": ('user,items\n1,"[10, 11]"\n2,"[10]"\n', {}, ":2: the item column holds lists"),
    "numbers for names": ("0,1,2\n5,6,7\n5,7,7\n", {}, "--set header=true or --set header=false"),
    "names of plays": (
        "u\tm\tThe Foos\t12\nu\tn\tThe Bars\t3\n",
        {},
        "found 4 columns without known names",
    ),
    "a matrix": ("nr,j1,j2\n74,-7.8,8.7\n100,4.08,-.29\n", {}, "without known names"),
    "old lines": ("user,item\r1,a\r", {}, "its lines end with CR alone"),
    "five columns": ("1,2,3,4,6\n2,3,4,5,7\n", {}, "found 5 columns without known names"),
    "dates for items": ("1,2014-04-07T10:51:09.277Z,214536502,0\n", {}, "without known names"),
    "missing": ("user,item\n1,a\nnan,b\n", {}, ":3: the user id is 'nan'"),
    "unknown column": ("user,item\n1,a\n", {"columns": "user=who"}, "there is no column 'who'"),
    "no row": ("user,item\n1,a\n", {"where": "item=b"}, "no row meets the conditions"),
    "unknown in a condition": ("user,item\n1,a\n", {"where": "event=b"}, "no column 'event'"),
    "no number": (
        "user,item,rating\n1,a,5\n1,b,good\n",
        {"min_rating": 3},
        ":3: expected a number, found 'good'",
    ),
    "no rating": ("user,item\n1,a\n", {"min_rating": 3}, "no column is called rating"),
    "a short row": ("user,item\n1,a\n1\n1,b\n", {}, ":3: expected 2 columns, found 1"),
    "an open quote": ('user,item\n1,"a\n1,b\n1,"c\n', {}, "quotes in this line"),
    "a short row of numbers": (
        "1 2 3\n" * 9 + "1 2\n",
        {},
        ":10: expected 3 columns, found 2; correct or remove the line, or --set layout=lists",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(tmp_path: Path, case: str) -> None:
    content, options, says = REFUSED[case]
    with pytest.raises(DataError) as error:
        load(str(write(tmp_path, content)), options=options)
    assert says in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("content", "options", "expected"),
    [
        (REFUSED["two items"][0], {"columns": "item=asin"}, {"1": ["a"]}),
        (REFUSED["two times"][0], {"columns": "time=updated_at"}, {"1": ["b", "a"]}),
        (REFUSED["twice"][0], {"columns": "item=3"}, {"1": ["b", "a"]}),
        (REFUSED["numbers for names"][0], {"header": True}, {"5": ["6", "7"]}),
        (REFUSED["numbers for names"][0], {"header": False}, {"0": ["1"], "5": ["6", "7"]}),
        (REFUSED["names of plays"][0], {"columns": "user=1,item=2"}, {"u": ["m", "n"]}),
        (REFUSED["missing"][0], {"missing": "drop"}, {"1": ["a"]}),
        (REFUSED["missing"][0], {"missing": "keep"}, {"1": ["a"], "nan": ["b"]}),
        ("a b;1\nc;2\n", {"separator": ";"}, {"a b": ["1"], "c": ["2"]}),
        (
            "user,item,event\n1,a,view\n1,b,buy\n2,b,add\n",
            {"where": "event=buy|add"},
            {"1": ["b"], "2": ["b"]},
        ),
        ("user,item,n\n1,a,3\n1,b,1\n2,b,\n", {"where": "n>=2"}, {"1": ["a"]}),
        ("user,item,e,n\n1,a,x,3\n1,b,y,9\n2,b,x,1\n", {"where": "e!=y, n<2"}, {"2": ["b"]}),
        ("user;item;rating\n1;a;4,5\n1;b;3,0\n2;b;\n", {"min_rating": 4}, {"1": ["a"]}),
        ("user,item,stars\n1,a,5\n1,b,2\n", {"min_rating": 3}, {"1": ["a"]}),
    ],
)
def test_what_is_advised_can_be_done(
    tmp_path: Path, content: str, options: dict[str, Any], expected: dict[str, list[str]]
) -> None:
    assert histories(load(str(write(tmp_path, content)), options=options)) == expected


def test_a_core(tmp_path: Path) -> None:
    path = write(tmp_path, "user,item\n1,a\n1,b\n2,a\n2,b\n3,b\n3,c\n4,c\n")
    options = {"min_interactions": 2, "min_item_interactions": 2}
    assert histories(load(str(path), options=options)) == {"1": ["a", "b"], "2": ["a", "b"]}


def test_a_given_test(tmp_path: Path) -> None:
    train = write(tmp_path, "1 10 11 12\n2 10\n3 12 13 14 15\n", "train.txt")
    test = write(tmp_path, "1 13 14\n2 11 12 15\n3 12 11\n9 10 11 12 13 14\n", "test.txt")
    data = load(str(train), options={"test": str(test)})
    split = leave_one_out(data)
    assert histories(data)["1"] == ["10", "11", "12", "13", "14"]
    assert data.item_ids[split.held_out].tolist() == ["14", "15", "11"]
    assert data.item_ids[split.items].tolist() == ["10", "11", "12", "10", "12", "13", "14", "15"]
    assert data.notes == ("1 users of the test have no interactions to train on: left out",)
    tuning = leave_one_out(data, validation=True)
    assert data.item_ids[tuning.held_out].tolist()[::2] == ["12", "15"]
    assert tuning.held_out[1] == -1
