"""A tiny video detector, and videos as its pipeline would give them."""
import torch
from mmdet.registry import MODELS
from mmdet.structures import DetDataSample, TrackDataSample
from mmengine.config import Config, ConfigDict
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData

SIZE = 64


def detector_cfg(num_classes=3):
    """An SSDLite with one map of 8 channels at stride 8 below its head."""
    return dict(
        type='SingleStageDetector',
        backbone=dict(
            type='ResNet', depth=18, base_channels=4, num_stages=2,
            strides=(1, 2), dilations=(1, 1), out_indices=(1, ),
            norm_eval=False),
        neck=dict(
            type='SSDNeck', in_channels=(8, ), out_channels=(8, 8),
            level_strides=(2, ), level_paddings=(1, ), l2_norm_scale=None,
            norm_cfg=dict(type='BN')),
        bbox_head=dict(
            type='SSDHead', in_channels=(8, 8), num_classes=num_classes,
            anchor_generator=dict(
                type='SSDAnchorGenerator', scale_major=False,
                strides=[8, 16], ratios=[[2]] * 2, min_sizes=[16, 32],
                max_sizes=[32, 48])),
        train_cfg=dict(
            assigner=dict(
                type='MaxIoUAssigner', pos_iou_thr=0.5, neg_iou_thr=0.5,
                min_pos_iou=0., ignore_iof_thr=-1, gt_max_assign_all=False),
            sampler=dict(type='PseudoSampler'), smoothl1_beta=1.,
            allowed_border=-1, pos_weight=-1, neg_pos_ratio=3, debug=False),
        test_cfg=dict(
            nms_pre=100, nms=dict(type='nms', iou_threshold=0.45),
            min_bbox_size=0, score_thr=0.02, max_per_img=20))


def model_cfg(**changes):
    """A tiny detector with forecast, changed at will."""
    cfg = dict(
        type='FeatureForecastDetector',
        data_preprocessor=dict(
            type='TrackDataPreprocessor', mean=[120.] * 3, std=[60.] * 3,
            bgr_to_rgb=True),
        detector=detector_cfg(),
        temporal=dict(
            type='FeatureForecastModule', in_channels=8, hidden_channels=4),
        scheduler=dict(
            type='CorrelationScheduler', max_displacement=2,
            conv_channels=(4, 4)))
    cfg.update(changes)
    return ConfigDict(cfg)


def config(root='unused', height=SIZE, **changes):
    """That detector and a test pipeline for synthetic videos."""
    return Config(dict(
        default_scope='mmdet',
        model=dict(model_cfg(**changes)),
        test_dataloader=dict(dataset=dict(
            type='ImageNetVIDDataset', data_root=str(root),
            ann_file='annotations/imagenet_vid_test.json',
            data_prefix=dict(img_path='Data/VID/'), test_mode=True,
            metainfo=dict(classes=('airplane', 'car', 'watercraft')),
            pipeline=[
                dict(type='TransformBroadcaster', transforms=[
                    dict(type='LoadImageFromFile'),
                    dict(type='Resize', scale=(SIZE, height),
                         keep_ratio=False)]),
                dict(type='PackTrackInputs')])),
        test_evaluator=dict(type='ImageNetVIDMetric')))


RESIDUAL = dict(type='FeatureForecastModule', in_channels=8,
                hidden_channels=4, residual=True)
PER_FRAME = dict(temporal=None, scheduler=None, loss_forecast=None,
                 policy=dict(mode='always_read'))


def build(seed=0, **changes):
    """A model with random weights in evaluation mode."""
    init_default_scope('mmdet')
    torch.manual_seed(seed)
    model = MODELS.build(model_cfg(**changes))
    model.init_weights()
    return model.eval()


def frame_sample(frame_id, length=1, video_id=1, size=SIZE, boxes=2):
    """A frame with its metas and ground truth."""
    sample = DetDataSample(metainfo=dict(
        frame_id=frame_id, video_id=video_id, ori_video_length=length,
        img_shape=(size, size), ori_shape=(size, size),
        batch_input_shape=(size, size), pad_shape=(size, size),
        scale_factor=(1., 1.), img_id=frame_id))
    shift = torch.tensor([2., 1., 2., 1.]) * frame_id
    corners = torch.tensor([[8., 8., 30., 30.], [24., 20., 56., 50.]])
    sample.gt_instances = InstanceData(
        bboxes=(corners + shift)[:boxes].clamp(max=size),
        labels=torch.arange(boxes))
    sample.ignored_instances = InstanceData(
        bboxes=torch.zeros(0, 4), labels=torch.zeros(0, dtype=torch.long))
    return sample


def clip(length, **options):
    """A track sample of so many frames."""
    sample = TrackDataSample()
    sample.video_data_samples = [
        frame_sample(t, length, **options) for t in range(length)]
    return sample


def video(length, seed=1, size=SIZE):
    """Pixels (length, 3, size, size) of a video."""
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(length, 3, size, size, generator=generator)


def results(samples):
    """Boxes and scores of frames, and how they came about."""
    return [(s.pred_instances.bboxes, s.pred_instances.scores,
             s.is_forecast) for s in samples]


def same(first, second):
    """Whether results are bitwise the same."""
    return len(first) == len(second) and all(
        torch.equal(a[0], b[0]) and torch.equal(a[1], b[1]) and a[2] == b[2]
        for a, b in zip(first, second))


@torch.no_grad()
def run_frames(model, pixels, **options):
    """Frame after frame, as a test goes."""
    out = []
    for t in range(len(pixels)):
        sample = TrackDataSample()
        sample.video_data_samples = [
            frame_sample(t, len(pixels), **options)]
        out += model.predict(pixels[None, t:t + 1], [sample])[0]
    return results(out)


def policy(**arguments):
    return dict(policy=arguments)


def training_step(model, samples=2, frames=4, seed=3):
    torch.manual_seed(seed)
    model.train()
    model.zero_grad()
    pixels = torch.stack([video(frames, seed=k) for k in range(samples)])
    return model.loss(pixels, [clip(frames, boxes=k % 2 + 1)
                               for k in range(samples)])
