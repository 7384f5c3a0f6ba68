"""Tiny randomly initialised models that make sound, built and saved here: right in every part, wrong in what is heard."""

import json

from tests.generation.films import LETTERS, tiny_t5


def save_music(folder, *, seed=0):
    """Save MusicGen, some ten thousand weights, at 8 kHz."""
    from generation import _transformers_net  # noqa: F401 - makes torchvision importable

    torch, _, tokenizer = tiny_t5(seed)
    from transformers import (
        EncodecConfig,
        MusicgenConfig,
        MusicgenDecoderConfig,
        MusicgenForConditionalGeneration,
        T5Config,
    )

    text = T5Config(vocab_size=len(tokenizer), d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2)
    codec = EncodecConfig(
        sampling_rate=8000,
        target_bandwidths=[0.5],
        upsampling_ratios=[8, 4, 5],
        num_filters=2,
        hidden_size=8,
        codebook_size=32,
        codebook_dim=8,
        num_lstm_layers=1,
    )
    decoder = MusicgenDecoderConfig(
        vocab_size=32,
        hidden_size=16,
        num_hidden_layers=1,
        ffn_dim=16,
        num_attention_heads=2,
        num_codebooks=2,
        pad_token_id=32,
        bos_token_id=32,
    )
    config = MusicgenConfig(text_encoder=text.to_dict(), audio_encoder=codec.to_dict(), decoder=decoder.to_dict())
    torch.manual_seed(seed)
    model = MusicgenForConditionalGeneration(config)
    for layer in model.audio_encoder.quantizer.layers:  # whose codes all sound alike until they are trained
        layer.codebook.embed.normal_()
    model.generation_config.decoder_start_token_id = 32
    model.generation_config.pad_token_id = 32
    model.generation_config.bos_token_id = 32
    model.save_pretrained(folder / "music", safe_serialization=True)
    tokenizer.save_pretrained(folder / "music")
    return folder / "music"


def save_speech(folder, *, speakers=1, seed=0):
    """Save VITS, some thousand weights, that reads letters of English."""
    import torch
    from transformers import VitsConfig, VitsModel, VitsTokenizer

    from generation import _transformers_net  # noqa: F401 - makes torchvision importable

    place = folder / "speech"
    place.mkdir(parents=True, exist_ok=True)
    signs = ["_", *LETTERS, " ", "'", "<unk>"]
    (place / "vocab.json").write_text(json.dumps({sign: number for number, sign in enumerate(signs)}))
    tokenizer = VitsTokenizer(str(place / "vocab.json"), pad_token="_", language="eng", phonemize=False)
    tokenizer.save_pretrained(place)
    torch.manual_seed(seed)
    config = VitsConfig(
        vocab_size=len(signs),
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        ffn_dim=8,
        flow_size=8,
        spectrogram_bins=9,
        upsample_initial_channel=16,
        upsample_rates=(8, 4),
        upsample_kernel_sizes=(16, 8),
        resblock_kernel_sizes=(3,),
        resblock_dilation_sizes=((1, 3),),
        duration_predictor_filter_channels=8,
        duration_predictor_num_flows=1,
        depth_separable_num_layers=1,
        prior_encoder_num_flows=1,
        prior_encoder_num_wavenet_layers=1,
        posterior_encoder_num_wavenet_layers=1,
        num_speakers=speakers,
        speaker_embedding_size=8 if speakers > 1 else 0,
    )
    VitsModel(config).save_pretrained(place, safe_serialization=True)
    return place
