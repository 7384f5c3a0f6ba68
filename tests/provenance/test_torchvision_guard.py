"""torchvision can be imported after the guard, whatever torch it was built for."""

import subprocess
import sys

PROGRAM = """
from provenance.torchvision_guard import import_torchvision
import_torchvision()
import_torchvision()
import torch, torchvision.transforms as transforms
resized = transforms.Resize(8)(torch.zeros(3, 16, 16))
print(tuple(resized.shape))
"""


def test_torchvision_works_after_the_guard():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "(3, 8, 8)", done.stderr
