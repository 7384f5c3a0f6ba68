"""Import torchvision also where it was built for another torch; the one place that knows how.

The registries' torchvision is a CUDA build. Beside a CPU torch its import dies, because two operators were never
registered. Their schemas alone make it importable, and nothing here calls them. Beside its own torch nothing is done.
"""

import sys
from typing import Final

_MISSING_OPERATOR: Final = "operator torchvision::"
_OPERATORS: Final = ("nms", "qnms")
# A library that is let go of takes its schemas with it.
_KEPT: Final[list[object]] = []


def import_torchvision() -> None:
    """Make ``import torchvision`` work from here on.

    Raises:
        ImportError: torch or torchvision is not installed.
        RuntimeError: torchvision fails for another reason.
    """
    import torch

    try:
        import torchvision
    except RuntimeError as exc:
        if _MISSING_OPERATOR not in str(exc):
            raise
        for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
            del sys.modules[name]
        library = torch.library.Library("torchvision", "FRAGMENT")
        for operator in _OPERATORS:
            library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _KEPT.append(library)
        import torchvision  # noqa: F401 - whole this time
