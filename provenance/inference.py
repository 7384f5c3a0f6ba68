"""The one door to ONNX Runtime: the same model answers the same on every processor, and steals no core.

A score that hangs on the machine would release on one host what another holds. Processors without VNNI multiply bytes
in 16 bits, and those overflow: `session.x64quantprecision` has them add in wider numbers. Measured without it, AVX2
against AVX-512 VNNI, on 22 prompts: directions with a cosine of 0.992 to 0.998; with it: bit for bit the same. One with
VNNI says the same either way, and is asked for it no more: it cost a prompt half as much again.
"""

import os
import re
from functools import cache
from pathlib import Path
from typing import Any, Final

Weights = bytes | str | os.PathLike[str]
_PROCESSOR: Final = Path("/proc/cpuinfo")


def load_session(weights: Weights, *, threads: int = 1, keeps_memory: bool = True, blocks: bool = True) -> Any:  # noqa: ANN401 - onnxruntime has no types
    """Return an `onnxruntime.InferenceSession` of `weights`, safe for any number of threads.

    Args:
        weights: an ONNX file, as its bytes or where it lies; whoever calls has checked whose it is.
        threads: that one run may use. Files, not layers, fill the cores: one, unless a user says otherwise.
        keeps_memory: hold what a run took for the next one. No, where inputs have any length: the memory of the longest
            would stay.
        blocks: have convolutions work on channels in blocks. No, where much stands between them that cannot: what
            they win goes into copies to and fro.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # A spinning pool steals the core that another detector needs.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if not has_vnni():
        options.add_session_config_entry("session.x64quantprecision", "1")
    options.enable_cpu_mem_arena = keeps_memory
    if not blocks:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.log_severity_level = 3
    given = weights if isinstance(weights, bytes) else os.fspath(weights)
    return onnxruntime.InferenceSession(given, options, providers=["CPUExecutionProvider"])


@cache
def has_vnni(described: Path = _PROCESSOR) -> bool:
    """Whether this processor adds products of bytes in 32 bits; no, where the system does not say so."""
    try:
        return re.search(r"^flags\s*:.*\bavx512_vnni\b", described.read_text(), re.MULTILINE) is not None
    except OSError:
        return False
