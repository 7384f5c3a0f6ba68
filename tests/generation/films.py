"""Tiny randomly initialised pipelines that make clips, built and saved here: right in every part, wrong in what shows."""

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def save_ltx(folder, *, reads_frames=True, seed=0):
    """Save LTX-Video, a few thousand weights: of words, of a picture, and of frames where it `reads_frames`."""
    from generation._diffusers_net import diffusers

    _, text_encoder, tokenizer = _text_parts(seed)
    vae = diffusers.AutoencoderKLLTXVideo(
        in_channels=3,
        out_channels=3,
        latent_channels=8,
        block_out_channels=(8, 8, 8, 8),
        decoder_block_out_channels=(8, 8, 8, 8),
        layers_per_block=(1, 1, 1, 1, 1),
        decoder_layers_per_block=(1, 1, 1, 1, 1),
        spatio_temporal_scaling=(True, True, False, False),
        decoder_spatio_temporal_scaling=(True, True, False, False),
        decoder_inject_noise=(False, False, False, False, False),
        upsample_residual=(False, False, False, False),
        upsample_factor=(1, 1, 1, 1),
        timestep_conditioning=False,
        patch_size=1,
        patch_size_t=1,
        encoder_causal=True,
        decoder_causal=False,
    )
    transformer = diffusers.LTXVideoTransformer3DModel(
        in_channels=8,
        out_channels=8,
        patch_size=1,
        patch_size_t=1,
        num_attention_heads=2,
        attention_head_dim=8,
        cross_attention_dim=16,
        num_layers=1,
        caption_channels=16,
    )
    kind = diffusers.LTXConditionPipeline if reads_frames else diffusers.LTXPipeline
    pipeline = kind(
        vae=vae,
        text_encoder=text_encoder,
        tokenizer=tokenizer,
        transformer=transformer,
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(),
    )
    return _save(pipeline, folder)


def save_wan(folder, *, reads_pictures=False, seed=0):
    """Save Wan: of words alone, or of pictures as well, as its 5B is."""
    from generation._diffusers_net import diffusers

    _, text_encoder, tokenizer = _text_parts(seed)
    vae = diffusers.AutoencoderKLWan(
        base_dim=3, z_dim=16, dim_mult=[1, 1, 1, 1], num_res_blocks=1, temperal_downsample=[False, True, True]
    )
    transformer = diffusers.WanTransformer3DModel(
        patch_size=(1, 2, 2),
        num_attention_heads=2,
        attention_head_dim=12,
        in_channels=16,
        out_channels=16,
        text_dim=16,
        freq_dim=32,
        ffn_dim=16,
        num_layers=1,
        cross_attn_norm=True,
        qk_norm="rms_norm_across_heads",
        rope_max_seq_len=32,
    )
    pipeline = diffusers.WanPipeline(
        tokenizer=tokenizer,
        text_encoder=text_encoder,
        vae=vae,
        transformer=transformer,
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(shift=7.0),
        expand_timesteps=reads_pictures,
    )
    return _save(pipeline, folder)


def tiny_t5(seed):
    """Return torch, a T5 encoder of 16 dimensions and its tokenizer, whose pieces are letters."""
    return _text_parts(seed)


def _text_parts(seed):
    import torch
    from transformers import T5Config, T5EncoderModel, T5Tokenizer

    pieces = ["<pad>", "</s>", "<unk>", "▁", *LETTERS, *(f"▁{letter}" for letter in LETTERS)]
    tokenizer = T5Tokenizer(vocab=[(piece, -1.0) for piece in pieces], extra_ids=0)
    torch.manual_seed(seed)
    config = T5Config(vocab_size=len(pieces), d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2)
    return torch, T5EncoderModel(config), tokenizer


def _save(pipeline, folder):
    pipeline.save_pretrained(folder / "film", safe_serialization=True)
    return folder / "film"
