"""A detector for tests of isolation: does to its process whatever the prompt says."""

import os
import time

import numpy as np

from detectors.base import Signal, Status
from detectors.cards import Card
from provenance.errors import DetectorError, DetectorUnavailableError


class GreedyDetector:
    """Answers with its process id, or misbehaves."""

    def __init__(self, toolbox):
        self._toolbox = toolbox
        self.card = Card("nsfw", "?", ("nsfw",), "Apache-2.0", "greedy-1")

    def warm(self):
        if self._toolbox.options.get("cold"):
            raise DetectorUnavailableError("no weights")

    def detect(self, subject):
        match subject.prompt:
            case "memory":
                np.ones(2 << 30, np.uint8)
            case "hang":
                time.sleep(60)
            case "die":
                os._exit(7)
            case "segfault":
                os.kill(os.getpid(), 11)
            case "works":
                self._toolbox.works.match(subject.picture)
            case "refuse":
                raise DetectorError("cannot answer")
        mean = float(subject.picture.frame.mean()) / 255
        evidence = {
            "pid": os.getpid(),
            "alpha": subject.picture.alpha is not None,
            "bytes": subject.unverified_file.size_bytes,
        }
        return Signal("nsfw", "greedy-1", Status.OK, {"nsfw": mean}, (evidence,), "fine")
