"""`initlab serve`: one line with the address, an answer there, and an orderly end."""

import json
import signal
import socket
import subprocess
import sys
import urllib.request

from initlab.cli.main import run

SERVE = [sys.executable, "-m", "initlab", "serve", "--no-browser", "--json"]


def test_it_prints_its_address_serves_and_ends_with_ctrl_c():
    with subprocess.Popen(SERVE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as served:
        try:
            document = json.loads("".join(iter(served.stdout.readline, "}\n")) + "}")
            assert document["schema"] == "initlab/serve/1"
            assert document["url"] == f"http://127.0.0.1:{document['port']}/"
            with urllib.request.urlopen(document["url"], timeout=60) as answer:
                assert b"<title>initlab lab</title>" in answer.read()
            served.send_signal(signal.SIGINT)
            _, told = served.communicate(timeout=60)
        finally:
            served.kill()
    assert (served.returncode, told) == (0, "")


def test_a_port_that_is_taken_is_told_in_one_line(capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert run(["serve", "--no-browser", "--port", str(taken.getsockname()[1])]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "must be free and of this machine, got: Address already in use" in told


def test_a_host_that_is_not_of_this_machine_is_told(capsys):
    assert run(["serve", "--no-browser", "--host", "192.0.2.1"]) == 2
    assert "must be free and of this machine" in capsys.readouterr().err
