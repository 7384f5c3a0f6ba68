"""Tiny randomly initialised pipelines, built and saved here: right in every part, wrong in what they draw."""

import json

SIDE = 64
LETTERS = "abcdefghijklmnopqrstuvwxyz "


def save_pipeline(folder, *, seed=0, channels=8):
    """Save a StableDiffusion pipeline of about 100,000 weights to `folder`; takes a second."""
    from generation._diffusers_net import diffusers

    # Only now: the line above makes torchvision importable, which transformers needs.
    CLIPTextConfig, CLIPTextModel, CLIPTokenizer, torch = _import_parts()

    torch.manual_seed(seed)
    unet = diffusers.UNet2DConditionModel(
        sample_size=SIDE // 2,
        block_out_channels=(channels, 2 * channels),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=16,
        attention_head_dim=2,
        norm_num_groups=4,
    )
    vae = diffusers.AutoencoderKL(
        block_out_channels=(8, 8),
        down_block_types=("DownEncoderBlock2D", "DownEncoderBlock2D"),
        up_block_types=("UpDecoderBlock2D", "UpDecoderBlock2D"),
        latent_channels=4,
        norm_num_groups=4,
        sample_size=SIDE,
    )
    tokens = tokenizer_files(folder / "tokens")
    size = len(json.loads((tokens / "vocab.json").read_text()))
    text = CLIPTextConfig(
        vocab_size=size,
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=77,
        bos_token_id=size - 2,
        eos_token_id=size - 1,
        pad_token_id=size - 1,
    )
    pipeline = diffusers.StableDiffusionPipeline(
        unet=unet,
        vae=vae,
        text_encoder=CLIPTextModel(text),
        tokenizer=CLIPTokenizer.from_pretrained(tokens),
        scheduler=diffusers.DDIMScheduler(num_train_timesteps=100, clip_sample=False, steps_offset=1),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.save_pretrained(folder / "pipeline", safe_serialization=True)
    return folder / "pipeline"


def _import_parts():
    import torch
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

    return CLIPTextConfig, CLIPTextModel, CLIPTokenizer, torch


def tokenizer_files(folder):
    """Write a byte-pair vocabulary of single letters."""
    folder.mkdir(parents=True)
    vocabulary = [*LETTERS, *(f"{letter}</w>" for letter in LETTERS), "<|startoftext|>", "<|endoftext|>"]
    (folder / "vocab.json").write_text(json.dumps({token: number for number, token in enumerate(vocabulary)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"model_max_length": 77, "tokenizer_class": "CLIPTokenizer"})
    )
    return folder
