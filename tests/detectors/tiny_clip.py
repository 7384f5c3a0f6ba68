"""A CLIP model small enough to build in a test: the architecture, and its weights saved as users have them."""

import json

CONFIG = {
    "embed_dim": 32,
    "vision_cfg": {"image_size": 64, "layers": 2, "width": 64, "patch_size": 16, "head_width": 32},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 1},
}
NAME = "chopmark-tiny-clip"


def build(folder):
    """Write config and weights (safetensors and pickle) into `folder`; return the model."""
    import torch
    from safetensors.torch import save_file

    from detectors._clip_net import open_clip

    config = folder / f"{NAME}.json"
    config.write_text(json.dumps(CONFIG))
    open_clip.add_model_config(config)
    with torch.random.fork_rng():
        torch.manual_seed(20)
        model = open_clip.create_model(NAME, pretrained_text=False).eval()
    save_file({key: value.clone() for key, value in model.state_dict().items()}, folder / "tiny.safetensors")
    torch.save(
        {"state_dict": {f"module.{key}": value for key, value in model.state_dict().items()}}, folder / "tiny.pt"
    )
    return model
