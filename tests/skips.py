"""No test is skipped in silence: each reason is one that is known here, and all are told at the end of a run."""

import re

KNOWN = (
    (r"\.\./shared/data|needs .*shared/data", "pictures and files that are not part of the checkout"),
    (
        r"extra .*(generate|ocr|clip|video|speech|voices)|scikit-image is not installed",
        "an extra that is not installed",
    ),
    (r"group .training.|could not import 'resvg_py'", "what only making models anew needs"),
    (r"/dev/full|no small disk can be mounted here", "what this system does not have"),
    (r"no Chromium", "a browser that is not installed"),
    (r"nudenet is installed here", "says what happens without it"),
)
"""Pattern of a reason to why that is one."""


def find_skips(reports):
    """Return how often each reason was given, and those that nobody knows."""
    told, unknown = {}, set()
    for report in reports:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        reason = reason.removeprefix("Skipped: ")
        told[reason] = told.get(reason, 0) + 1
        if not any(re.search(pattern, reason) for pattern, _ in KNOWN):
            unknown.add(reason)
    return told, unknown
