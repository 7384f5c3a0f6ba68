"""What every scheme asks of the arrays it is given."""

import numpy as np

from provenance.asset import Frame
from provenance.errors import WatermarkError


def require_frame(frame: object) -> Frame:
    """Return `frame` as a C-contiguous (H, W, 3) uint8 array; the same object where it is one already.

    Raises:
        WatermarkError: not an array, or of another dtype or shape.
    """
    if not isinstance(frame, np.ndarray):
        raise WatermarkError(f"expected a numpy array of shape (H, W, 3), got {type(frame).__name__}")
    if frame.dtype != np.uint8:
        raise WatermarkError(f"expected dtype uint8, got {frame.dtype}")
    if frame.ndim != 3 or frame.shape[2] != 3 or not frame.size:
        raise WatermarkError(f"expected shape (H, W, 3) with H, W >= 1, got {frame.shape}")
    return np.ascontiguousarray(frame)
