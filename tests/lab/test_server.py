"""The server as a program meets it: frames in order, resumed, cancelled; bad input told by field; guarded."""

import json
import time

import pytest

from initlab import compare
from initlab.lab import frames, runs
from initlab.lab.guard import MOST_BYTES, is_loopback, known_host
from initlab.render import csv


def document(answer):
    return json.loads(answer[1])


def fields_of(answer):
    return {fault["field"] for fault in document(answer)["errors"]}


def test_frames_come_in_order_and_end_with_the_verdicts(started, events):
    run = started()
    *seen, (name, _, ending) = events(run["id"])
    assert [number for _, number, _ in seen] == list(range(len(run["steps"])))
    assert [frame["step"] for *_, frame in seen] == run["steps"]
    assert seen[0][2]["step"] == 0
    assert (name, ending["state"]) == ("end", "done")
    assert set(ending["verdicts"]) == {"zeros", "he"}
    assert "No better than chance" in ending["verdicts"]["zeros"]["words"]


def test_a_broken_stream_resumes_after_the_last_frame(started, events):
    run = started()
    events(run["id"])
    every = events(run["id"])
    later = events(run["id"], headers={"Last-Event-ID": "7"})
    assert later[:-1] == every[8:-1]
    assert events(run["id"], "?after=7") == later


def test_a_frame_can_be_had_alone_in_full(lab, started, events):
    run = started()
    frame = events(run["id"])[3][2]
    assert frame["details"]
    assert document(lab.ask(f"/api/runs/{run['id']}/frames/3")) == frame
    assert lab.ask(f"/api/runs/{run['id']}/frames/999")[0] == 404


def test_the_curves_are_those_of_compare(lab, started, events):
    run = started(seeds=2)
    events(run["id"])
    text = lab.ask(f"/api/runs/{run['id']}/curves.csv")[1].decode()
    assert text == csv.curves(compare(schemes="zeros, he", layers=(4,), iterations=40, seeds=2))


def test_the_calls_repeat_the_run(lab, started, events):
    run = started(seeds=2, learning_rate=0.5)
    events(run["id"])
    scope = {}
    exec(f"import initlab\nfound = {run['calls']['python']}", scope)
    assert lab.ask(f"/api/runs/{run['id']}/curves.csv")[1].decode() == csv.curves(scope["found"])
    assert run["calls"]["command"].startswith("initlab compare ")
    assert "learning_rate = 0.5\n" in run["calls"]["toml"]


def test_figures_are_drawn_of_a_run_that_has_ended(lab, started, events):
    run = started()
    events(run["id"])
    names = document(lab.ask(f"/api/runs/{run['id']}/figures"))
    assert {"loss", "boundaries", "signal"} <= set(names)
    assert lab.ask(f"/api/runs/{run['id']}/figures/loss.png")[1].startswith(b"\x89PNG")
    assert lab.ask(f"/api/runs/{run['id']}/figures/nonsense.png")[0] == 404


def test_the_same_experiment_is_not_run_twice_unless_asked(started, events):
    first = started(seed=5)
    events(first["id"])
    assert started(seed=5, fresh=False)["id"] == first["id"]
    assert started(seed=5, fresh=True)["id"] != first["id"]


def test_a_run_is_stopped_and_its_frames_stay(lab, started, events):
    run = started(iterations=90_000, layers=[64, 64], seed=1)
    while document(lab.ask(f"/api/runs/{run['id']}"))["frames"] < 3:
        time.sleep(0.02)
    assert lab.ask(f"/api/runs/{run['id']}/curves.csv")[0] == 409
    assert lab.ask(f"/api/runs/{run['id']}", method="DELETE")[0] == 200
    *seen, (_, _, ending) = events(run["id"])
    assert ending["state"] == "stopped"
    assert ending["reason"] == "Stopped by hand."
    assert 3 <= len(seen) < len(run["steps"])


def test_a_run_that_nobody_looks_at_stops(lab, started, monkeypatch):
    monkeypatch.setattr(runs, "PATIENCE", 0.1)
    run = started(iterations=90_000, layers=[64, 64], seed=2)
    for _ in range(200):
        state = document(lab.ask(f"/api/runs/{run['id']}"))
        if state["state"] == "stopped":
            break
        time.sleep(0.05)
    assert (state["state"], state["reason"]) == ("stopped", "Nobody was looking.")


def test_too_many_runs_at_once_are_refused(lab, started):
    running = []
    try:
        for seed in range(runs.MOST_RUNNING + 1):
            body = {"schemes": ["he", "xavier"], "layers": [64, 64], "iterations": 90_000, "seed": seed}
            answer = lab.ask("/api/runs", {"experiment": body, "fresh": True})
            if answer[0] == 429:
                break
            running.append(document(answer)["id"])
        assert answer[0] == 429
        assert "Stop one" in document(answer)["errors"][0]["message"]
    finally:
        for run in running:
            lab.ask(f"/api/runs/{run}", method="DELETE")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"layers": [0]}, "layers"),
        ({"layers": [10_000]}, "layers"),
        ({"layers": [8] * 61}, "layers"),
        ({"layers": "10,5"}, "layers"),
        ({"learning_rate": -1}, "learning_rate"),
        ({"learning_rate": "fast"}, "learning_rate"),
        ({"learning_rate": "NaN"}, "learning_rate"),
        ({"iterations": 10**9}, "iterations"),
        ({"iterations": 1.5}, "iterations"),
        ({"seeds": 21}, "seeds"),
        ({"seeds": True}, "seeds"),
        ({"schemes": ["he"]}, "schemes"),
        ({"schemes": ["he"] * 2}, "schemes"),
        ({"schemes": ["he", "random(-1)"]}, "schemes"),
        ({"schemes": ["he", "__import__('os')"]}, "schemes"),
        ({"schemes": ["he", "chrono"]}, "schemes"),
        ({"data": "/etc/passwd"}, "data"),
        ({"data": "../secret.csv"}, "data"),
        ({"data": "csv:../../etc/passwd"}, "data"),
        ({"data": "csv:0000000000000000"}, "data"),
        ({"activation": "relus"}, "activation"),
        ({"optimizer": "lion"}, "optimizer"),
        ({"head": "sigmoid", "data": "iris"}, "data"),
        ({"nonsense": 1}, "nonsense"),
        ({"layers": [256] * 60, "data": "digits"}, "batch_size"),
        ({"layers": [256] * 8, "data": "digits", "batch_size": 64, "iterations": 100_000, "seeds": 20}, "iterations"),
        ({"draws": "course", "schemes": ["he", "glorot_uniform"]}, "draws"),
        ({"draws": "course", "seed": 2**33}, "seed"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_bad_value_is_told_beside_its_field(lab, fields, field):
    answer = lab.ask("/api/runs", {"experiment": {"schemes": ["he", "zeros"]} | fields})
    assert answer[0] == 422
    assert fields_of(answer) == {field}
    message = document(answer)["errors"][0]["message"]
    assert "\n" not in message
    assert " must " in message or "Did you mean" in message or "Unknown scheme" in message


def test_all_faults_are_told_at_once(lab):
    answer = lab.ask("/api/runs", {"experiment": {"layers": [0], "iterations": 0, "seeds": 99}})
    assert fields_of(answer) == {"layers", "iterations", "seeds"}


CSV = "x,y,label\n" + "".join(f"{i},{i * i % 7},{'ab'[i % 2]}\n" for i in range(40))


def test_a_dropped_file_is_trained_on(lab, started, events):
    status, body, _ = lab.ask("/api/data", {"name": "../../mine & yours.csv", "text": CSV})
    assert status == 201
    kept = json.loads(body)
    assert (kept["name"], kept["examples"], kept["features"], kept["classes"]) == ("mine_yours.csv", 40, 2, 2)
    run = started(data=kept["data"])
    assert events(run["id"])[-1][2]["state"] == "done"
    assert run["data"]["name"] == "mine_yours.csv"
    assert "--data mine_yours.csv" in run["calls"]["command"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,b\n1,x\nhello,y\n", "must be a finite number, got 'hello'"),
        ("a,b\n1,x\nnan,y\n", "must be a finite number, got 'nan'"),
        ("1,2\n" * 1_000_000, "must have at most 20,000 rows"),
        (",".join(map(str, range(200))) + "\n", "at most 100 columns"),
        ("", "must have at least two rows"),
        ("a,b\n1,x\n2\n", "must have 2 cells, got 1"),
    ],
    ids=["text", "nan", "million rows", "columns", "empty", "ragged"],
)
def test_a_file_that_cannot_serve_is_told_so(lab, text, words):
    answer = lab.ask("/api/data", {"name": "file.csv", "text": text})
    assert answer[0] == 422
    assert fields_of(answer) == {"data"}
    assert words in document(answer)["errors"][0]["message"]
    assert "initlab-lab-" not in answer[1].decode()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 421),
        ({"Host": "127.0.0.1.evil.example"}, 421),
        ({"Host": "localhost.:80"}, 201),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content-Type": "application/json; charset=utf-8"}, 201),
    ],
    ids=str,
)
def test_who_may_ask(lab, headers, status):
    body = {"experiment": {"schemes": ["he", "zeros"], "iterations": 2, "layers": [2]}}
    assert lab.ask("/api/runs", body, headers=headers)[0] == status


def test_a_long_body_is_refused(lab):
    assert lab.ask("/api/data", {"name": "x.csv", "text": "1" * MOST_BYTES})[0] == 413


@pytest.mark.parametrize(
    "path", ["/static/../app.py", "/static/%2e%2e/app.py", "/charts/..%2f..%2fapp.py", "/charts/bokeh.js"]
)
def test_no_other_file_is_served(lab, path):
    assert lab.ask(path)[0] == 404


def test_every_answer_says_what_the_page_may_load(lab):
    for path in ("/", "/static/main.js", "/api/catalogue", "/nowhere"):
        policy = lab.ask(path)[2]["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "unsafe-eval" not in policy


def test_bound_elsewhere_a_token_is_asked_for(tmp_path):
    from starlette.testclient import TestClient

    from initlab.lab.app import create

    app = create(host="0.0.0.0", token="secret", threads=1)
    client = TestClient(app, base_url="http://192.168.0.7", raise_server_exceptions=False)
    assert client.get("/api/catalogue").status_code == 403
    assert client.get("/?token=wrong").status_code == 403
    admitted = client.get("/?token=secret", follow_redirects=False)
    assert admitted.status_code == 303
    assert "HttpOnly; SameSite=Strict" in admitted.headers["set-cookie"]
    assert client.get("/api/catalogue").status_code == 200


def test_names_of_this_machine():
    assert is_loopback("127.0.0.9")
    assert is_loopback("localhost")
    assert not is_loopback("0.0.0.0")
    assert not known_host("192.168.0.7", "127.0.0.1")
    assert known_host("192.168.0.7:80", "0.0.0.0")
    assert not known_host("evil.example", "0.0.0.0")
    assert not known_host("[::1", "127.0.0.1")


def test_the_catalogue_lists_what_there_is(lab):
    found = document(lab.ask("/api/catalogue"))
    assert [preset["name"] for preset in found["presets"]][:2] == ["course-circles", "playground"]
    assert {"circles", "digits", "iris"} <= {each["name"] for each in found["datasets"]}
    assert len(found["schemes"]) > 50
    assert len(set(found["palette"]["colours"])) == len(set(found["palette"]["dashes"])) == 6


def test_a_frame_is_strict_json():
    text = frames.encode({"loss": [float("inf"), float("nan"), 1.0]}).decode()
    assert text == '{"loss":["Infinity","NaN",1.0]}'
