"""The very samples that mmdet draws, image by image."""
import pytest
import torch
from mmdet.models.task_modules.assigners import ATSSAssigner, MaxIoUAssigner
from mmdet.models.task_modules.coders import DeltaXYWHBBoxCoder
from mmdet.models.task_modules.samplers import PseudoSampler, RandomSampler
from mmengine.structures import InstanceData

from mmextra.models.task_modules.joint_sampling import (
    assign_by_iou,
    can_join,
    encode_jointly,
    sample_jointly,
)
from tests.pretend_device.device import PretendGPU


def boxes(number, seed):
    rand = torch.rand(number, 4,
                      generator=torch.Generator().manual_seed(seed)) * 60
    return torch.cat([rand[:, :2], rand[:, :2] + rand[:, 2:] / 2 + 2], 1)


ASSIGNERS = [
    dict(pos_iou_thr=.5, neg_iou_thr=.3, min_pos_iou=.1),
    dict(pos_iou_thr=.4, neg_iou_thr=.4, match_low_quality=False),
    dict(pos_iou_thr=.5, neg_iou_thr=.3, min_pos_iou=.1,
         gt_max_assign_all=False)]


@pytest.mark.parametrize('settings', ASSIGNERS)
@pytest.mark.parametrize('number', [0, 1, 7])
def test_assigned_as_the_stock_assigner_does(settings, number):
    assigner = MaxIoUAssigner(**settings)
    priors, truth = boxes(300, 0), boxes(number, 1)
    priors[200:220] = priors[0]  # several of one overlap
    wanted = assigner.assign(
        InstanceData(priors=priors),
        InstanceData(bboxes=truth, labels=torch.zeros(number).long()))
    assert torch.equal(assign_by_iou(assigner, priors, truth),
                       wanted.gt_inds)
    # Invalid ones are left out, as by a choice before.
    valid = torch.arange(300) % 3 > 0
    inside = assigner.assign(
        InstanceData(priors=priors[valid]),
        InstanceData(bboxes=truth, labels=torch.zeros(number).long()))
    found = assign_by_iou(assigner, priors, truth, valid)
    assert torch.equal(found[valid], inside.gt_inds)
    assert (found[~valid] == -1).all()


@pytest.mark.parametrize('settings', [
    dict(num=40, pos_fraction=.5), dict(num=1000, pos_fraction=.25),
    dict(num=40, pos_fraction=.1, neg_pos_ub=2)])
def test_the_same_draws_as_the_stock_sampler(settings):
    assigner = MaxIoUAssigner(.3, .3, match_low_quality=False)
    sampler = RandomSampler(add_gt_as_proposals=False, **settings)
    images = []
    for seed, number in enumerate((3, 0, 9)):
        priors = InstanceData(priors=boxes(200 + seed, seed))
        truth = InstanceData(bboxes=boxes(number, 9 + seed),
                             labels=torch.zeros(number).long())
        images.append((priors, truth, assigner.assign(priors, truth)))
    torch.manual_seed(0)
    wanted = [sampler.sample(assigned, priors, truth)
              for priors, truth, assigned in images]
    torch.manual_seed(0)
    found = sample_jointly(sampler, [each.gt_inds for *_, each in images])
    assert any(len(each.pos_inds) for each in wanted)
    for (positive, negative), each in zip(found, wanted):
        assert torch.equal(positive, each.pos_inds.flatten())
        assert torch.equal(negative, each.neg_inds.flatten())


def test_two_waits_for_any_number_of_images():
    assigner = MaxIoUAssigner(.5, .3, .3)
    sampler = RandomSampler(num=20, pos_fraction=.5)
    with PretendGPU() as gpu:
        given = [(boxes(200, seed).cuda(), boxes(5, 9 + seed).cuda())
                 for seed in range(6)]
        gpu.ledger.reset()
        sample_jointly(sampler, [assign_by_iou(assigner, *each)
                                 for each in given])
        assert gpu.ledger.count('sync') == 2, gpu.ledger.report()


def test_others_are_left_to_themselves():
    plain = MaxIoUAssigner(.5, .3)
    sampler = RandomSampler(num=20, pos_fraction=.5)
    assert can_join(plain, sampler)
    assert not can_join(ATSSAssigner(9), sampler)
    assert not can_join(plain, PseudoSampler())
    assert not can_join(MaxIoUAssigner(.5, (.1, .3)), sampler)
    assert not can_join(MaxIoUAssigner(.5, .3, ignore_iof_thr=.5), sampler)
    assert not can_join(MaxIoUAssigner(
        .5, .3, iou_calculator=dict(type='BboxOverlaps2D', dtype='fp16')),
        sampler)


@pytest.mark.parametrize('counts', [(3, 0, 5), (0, 0)])
def test_encoded_together_as_one_by_one(counts):
    coder = DeltaXYWHBBoxCoder(target_stds=(.1, .1, .2, .2))
    priors = [boxes(number, number) for number in counts]
    truth = [boxes(number, 9 + number) for number in counts]
    found = encode_jointly(coder, priors, truth)
    assert len(found) == len(counts)
    for ours, *pair in zip(found, priors, truth):
        assert torch.equal(ours, coder.encode(*pair))
