"""Chop-draw as diffusers names its parts: builds them, and writes them as a folder that any diffusers can load."""

import json
from pathlib import Path
from typing import Any, Final

import torch

from generation._chop_draw_net import Denoiser, PictureDecoder
from training.tokens import CONTEXT, SMALL_VOCABULARY, load_tokenizers

WIDTH: Final = 128


def build_text_encoder(clip_state: dict[str, torch.Tensor]) -> Any:  # noqa: ANN401 - transformers has no types
    """Return chop-clip's text tower as a CLIPTextModel of the small vocabulary."""
    from provenance.torchvision_guard import import_torchvision

    import_torchvision()
    from transformers import CLIPTextConfig, CLIPTextModel

    config = CLIPTextConfig(
        vocab_size=SMALL_VOCABULARY,
        hidden_size=WIDTH,
        intermediate_size=4 * WIDTH,
        num_hidden_layers=6,
        num_attention_heads=4,
        max_position_embeddings=CONTEXT,
        hidden_act="gelu",
        projection_dim=256,
        bos_token_id=SMALL_VOCABULARY - 2,
        eos_token_id=SMALL_VOCABULARY - 1,
        pad_token_id=0,
    )
    model = CLIPTextModel(config)
    renamed = _rename(clip_state)
    own = set(model.state_dict())
    prefix = "text_model." if any(name.startswith("text_model.") for name in own) else ""
    missing, unexpected = model.load_state_dict({prefix + name: value for name, value in renamed.items()}, strict=False)
    assert not unexpected, unexpected
    assert all("position_ids" in name for name in missing), missing
    return model.eval().requires_grad_(requires_grad=False)


def _rename(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    embedding = state["token_embedding.weight"].float()
    renamed = {
        "embeddings.token_embedding.weight": torch.cat([embedding[: SMALL_VOCABULARY - 2], embedding[-2:]]),
        "embeddings.position_embedding.weight": state["positional_embedding"].float(),
        "final_layer_norm.weight": state["ln_final.weight"].float(),
        "final_layer_norm.bias": state["ln_final.bias"].float(),
    }
    places = {
        "ln_1": "layer_norm1",
        "ln_2": "layer_norm2",
        "mlp.c_fc": "mlp.fc1",
        "mlp.c_proj": "mlp.fc2",
        "attn.out_proj": "self_attn.out_proj",
    }
    for layer in range(6):
        theirs, ours = f"transformer.resblocks.{layer}.", f"encoder.layers.{layer}."
        for kind in ("weight", "bias"):
            for old, new in places.items():
                renamed[f"{ours}{new}.{kind}"] = state[f"{theirs}{old}.{kind}"].float()
            parts = state[f"{theirs}attn.in_proj_{kind}"].float().chunk(3)
            for name, part in zip(("q_proj", "k_proj", "v_proj"), parts, strict=True):
                renamed[f"{ours}self_attn.{name}.{kind}"] = part
    return renamed


def write_tokenizer(folder: Path) -> None:
    """Write the small vocabulary in the form that CLIPTokenizer reads."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = load_tokenizers()[1]
    names = {"<start_of_text>": "<|startoftext|>", "<end_of_text>": "<|endoftext|>"}
    vocabulary = {names.get(token, token): number for token, number in tokenizer.encoder.items()}
    merges = [" ".join(pair) for pair in sorted(tokenizer.bpe_ranks, key=tokenizer.bpe_ranks.get)]
    (folder / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False), encoding="utf-8")
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n", encoding="utf-8")
    settings = {
        "tokenizer_class": "CLIPTokenizer",
        "model_max_length": CONTEXT,
        "bos_token": "<|startoftext|>",
        "eos_token": "<|endoftext|>",
        "unk_token": "<|endoftext|>",
        "pad_token": "!",
        "do_lower_case": True,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2), encoding="utf-8")


def write_pipeline(
    folder: Path,
    clip_state: dict[str, torch.Tensor],
    denoiser_state: dict[str, torch.Tensor],
    decoder_state: dict[str, torch.Tensor],
) -> None:
    """Write the whole pipeline in half precision."""
    from diffusers import DPMSolverMultistepScheduler, StableDiffusionPipeline
    from transformers import CLIPTokenizer

    write_tokenizer(folder / "tokenizer")
    denoiser, decoder = Denoiser(), PictureDecoder()
    denoiser.load_state_dict(denoiser_state)
    decoder.load_state_dict(decoder_state)
    scheduler = DPMSolverMultistepScheduler(
        prediction_type="flow_prediction", use_flow_sigmas=True, solver_order=2, flow_shift=1.0, steps_offset=1
    )
    pipeline = StableDiffusionPipeline(
        vae=decoder,
        text_encoder=build_text_encoder(clip_state),
        tokenizer=CLIPTokenizer.from_pretrained(folder / "tokenizer"),
        unet=denoiser,
        scheduler=scheduler,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.to(dtype=torch.float16).save_pretrained(folder, safe_serialization=True)
    # The same as vocab.json and merges.txt, at thrice their size.
    (folder / "tokenizer" / "tokenizer.json").unlink(missing_ok=True)
