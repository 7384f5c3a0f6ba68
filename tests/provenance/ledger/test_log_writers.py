"""Many writers at once, and those that are killed, leave a whole log."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from provenance.ledger.audit import verify_log


def append(log, key="k", body=None, **fields):
    with log.database.write() as connection:
        return log.append(
            connection, **{"kind": "decision", "subject": "asset", "body": body or {}, "key": key, **fields}
        )


WRITER = """
import sys
from pathlib import Path
from provenance.storage.database import Database
from provenance.ledger.log import Log
from provenance.ledger.note import load_signer

url, key, writer, count = sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
log = Log(Database(url), load_signer(key))
for number in range(count):
    for name in (f"{writer}:{number}", f"shared:{number}"):
        with log.database.write() as connection:
            log.append(connection, kind="decision", subject=writer[0], body={"n": number}, key=name)
    if number % 10 == 0:
        log.checkpoint()
    print(number, flush=True)
"""


def start_writer(log, tmp_path, name, count):
    url = log.database.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", WRITER, url, str(tmp_path / "keys" / "ledger.key"), name, str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_processes_that_append_together_leave_no_gap_and_no_double(log, tmp_path):
    """Three processes race for the same thirty events, besides thirty of their own each, and sign meanwhile."""
    writers = [start_writer(log, tmp_path, f"w{number}", 30) for number in range(3)]
    for writer in writers:
        _, errors = writer.communicate(timeout=120)
        assert writer.returncode == 0, errors
    entries = list(log.entries())
    assert [entry.index for entry in entries] == list(range(120))
    assert len({entry.key for entry in entries}) == 120
    assert verify_log(log).size == 120


def test_threads_of_one_process_append_together(log):
    def run(thread):
        for number in range(15):
            append(log, f"{thread}:{number}", {"n": number})
            append(log, f"shared:{number}", {"n": number})
        return log.checkpoint().size

    with ThreadPoolExecutor(6) as threads:
        assert max(threads.map(run, range(6))) <= 105
    assert [entry.index for entry in log.entries()] == list(range(105))
    assert verify_log(log).size == 105


def test_a_writer_that_is_killed_leaves_a_whole_log(log, tmp_path):
    for attempt in range(4):
        writer = start_writer(log, tmp_path, "w", 10_000)
        for _ in range(attempt * 3 + 1):
            assert writer.stdout.readline(), writer.stderr.read()
        writer.kill()
        writer.communicate()
        assert verify_log(log).size == log.size() > 0
        append(log, f"after:{attempt}")
    assert [entry.index for entry in log.entries()] == list(range(log.size()))


def test_a_transaction_that_is_killed_half_way_leaves_nothing(log, tmp_path):
    append(log, "before")
    program = (
        WRITER.split("for number", maxsplit=1)[0]
        + """
with log.database.write() as connection:
    for number in range(300):
        log.append(connection, kind="decision", subject="s", body={"n": number}, key=f"{writer}:{number}")
    print("waiting", flush=True)
    sys.stdin.read()
"""
    )
    url = log.database.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", program, url, str(tmp_path / "keys" / "ledger.key"), "w", "0"]
    writer = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert writer.stdout.readline() == "waiting\n"
    assert log.size() == 1
    writer.kill()
    writer.communicate()
    assert append(log, "after").index == 1
    assert verify_log(log).size == 2
