"""What is read off a pipeline's class: its rate, its pass, its multiples, and what it begins with."""

import pytest

pytest.importorskip("diffusers", reason="the extra generate is not installed")
from generation._diffusers_video_net import VideoNet
from provenance.errors import ConfigurationError, GenerationError
from tests.generation.films import save_ltx, save_wan


@pytest.mark.parametrize(
    ("save", "given", "expected"),
    [
        # rate and frames are defaults of the published pipelines, the rest of the tiny ones' codecs
        (save_ltx, {}, ("LTXConditionPipeline", 25.0, 161, 4, 32, True, "frames")),
        (save_ltx, {"reads_frames": False}, ("LTXPipeline", 25.0, 161, 4, 32, True, "picture")),
        (save_wan, {}, ("WanPipeline", 16.0, 81, 4, 32, True, "")),
        (save_wan, {"reads_pictures": True}, ("WanPipeline", 16.0, 81, 4, 32, True, "picture")),
    ],
)
def test_a_pipeline_says_what_it_is(tmp_path, save, given, expected):
    net = VideoNet(save(tmp_path, **given), device="cpu", dtype="auto")
    assert (net.class_name, net.rate, net.frames, net.step, net.multiple, net.draws, net.reads) == expected
    assert (net.device, net.dtype) == ("cpu", "float32")


def test_a_picture_for_one_that_reads_none_is_refused(tmp_path):
    net = VideoNet(save_wan(tmp_path), device="cpu", dtype="auto")
    with pytest.raises(GenerationError, match="of words alone"):
        net.go_on([], {}, 1, None)


def test_a_device_that_is_not_here_is_named(tmp_path):
    with pytest.raises(ConfigurationError, match="no device"):
        VideoNet(save_wan(tmp_path), device="xpu", dtype="auto")


def test_a_pipeline_of_pictures_alone_needs_one(tmp_path):
    """Stable Video Diffusion takes no words: it is the only class of its kind."""
    import torch
    from transformers import CLIPImageProcessor, CLIPVisionConfig, CLIPVisionModelWithProjection

    from generation._diffusers_net import diffusers

    torch.manual_seed(0)
    vision = CLIPVisionConfig(
        hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2, projection_dim=16,
        image_size=224, patch_size=56,
    )  # fmt: skip
    unet = diffusers.UNetSpatioTemporalConditionModel(
        sample_size=32,
        in_channels=8,
        out_channels=4,
        block_out_channels=(32, 64),
        layers_per_block=1,
        num_attention_heads=(2, 4),
        cross_attention_dim=16,
        addition_time_embed_dim=32,
        projection_class_embeddings_input_dim=96,
        down_block_types=("CrossAttnDownBlockSpatioTemporal", "DownBlockSpatioTemporal"),
        up_block_types=("UpBlockSpatioTemporal", "CrossAttnUpBlockSpatioTemporal"),
        num_frames=4,
    )
    vae = diffusers.AutoencoderKLTemporalDecoder(
        block_out_channels=(32, 64), latent_channels=4, down_block_types=("DownEncoderBlock2D", "DownEncoderBlock2D")
    )
    pipeline = diffusers.StableVideoDiffusionPipeline(
        vae=vae,
        image_encoder=CLIPVisionModelWithProjection(vision),
        unet=unet,
        scheduler=diffusers.EulerDiscreteScheduler(prediction_type="v_prediction"),
        feature_extractor=CLIPImageProcessor(),
    )
    pipeline.save_pretrained(tmp_path / "svd", safe_serialization=True)
    from generation.backends.diffusers_video import DiffusersVideo
    from generation.base import VideoRequest
    from tests.generation.animation.pictures import photograph

    backend = DiffusersVideo({"model": str(tmp_path / "svd"), "device": "cpu", "side": 32, "steps": 1})
    assert (backend.needs_start, backend.lead, backend.rate) == (True, 1, 7.0)
    with pytest.raises(GenerationError, match="begin with one"):
        backend.generate(VideoRequest("", 64, 40, 0.5))
    frames = list(backend.generate(VideoRequest("", 64, 40, 1.0, start=photograph())).frames)
    assert len(frames) == 7
    with pytest.raises(GenerationError, match="takes no prompt"):
        list(backend.generate(VideoRequest("a hill", 64, 40, 0.5, start=photograph())).frames)
