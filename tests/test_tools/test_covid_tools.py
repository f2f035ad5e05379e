import json
from pathlib import Path

import cv2
import nibabel
import numpy as np
import pytest
import torch
from mmdet.registry import MODELS
from mmengine.config import Config
from mmengine.registry import init_default_scope
from PIL import Image
from pycocotools.coco import COCO

from mmextra.apis import image_demo
from mmextra.apis.analysis import critical_areas
from mmextra.apis.model_converters import released_covid_ct
from mmextra.datasets.ct.pixel_statistics import mean_std
from mmextra.synthetic import make_ct
from tests.covid_helpers import narrow, write_dicom
from tests.helpers import load_tool, worked_case

ROOT = Path(__file__).parents[2]
CONFIGS = ROOT / 'configs' / 'covid_ct_mask_net'


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    place = tmp_path_factory.mktemp('synthetic') / 'ct'
    make_ct(place, num_train=3, num_val=3, num_test=3, image_size=96)
    return place


@pytest.fixture(autouse=True)
def scope():
    init_default_scope('mmdet')


@pytest.mark.parametrize('name', [
    'analysis_tools/benchmark_lesion_speed',
    'analysis_tools/count_params',
    'analysis_tools/roi_critical_areas',
    'dataset_converters/check_patient_split',
    'dataset_converters/cncb_to_coco',
    'dataset_converters/ct_mean_std',
    'dataset_converters/make_folds',
    'model_converters/covid_ct_released_weights',
    'model_converters/seg_to_classifier',
])
def test_help_carries_the_notice(name, capsys):
    with pytest.raises(SystemExit):
        load_tool(f'{name}.py').main(['--help'])
    assert 'not a medical device' in ' '.join(capsys.readouterr().out.split())


def test_table1(tmp_path, capsys):
    rows = load_tool('analysis_tools/count_params.py').main(
        ['--table1', '--out', str(tmp_path / 'rows.json')])
    assert json.loads((tmp_path / 'rows.json').read_text()) == rows
    cases = worked_case('covid_ct_mask_net', 'param_counts')['rows']
    found = {row['config']: row for row in rows}
    assert len(rows) == 14
    for name, case in cases.items():
        suffix = name.replace('_t0', '')
        seg, cls = found[f'cncb-{suffix}'], found[f'covidx-{suffix}']
        assert seg['weights'] == case['seg']['params']
        assert seg['state'] == case['seg_state']
        assert seg['paper_way'] == case['seg_paper_arith']
        assert seg['printed'] == case['paper_seg_M']
        assert cls['weights'] == case['cls_params']
        assert cls['state'] == case['cls_state']
        assert cls['paper_way'] == case['cls_paper_arith']
        assert cls['printed'] == case['paper_cls_M']
        assert cls['trainable'] == case['trainable_S_plus_all_bn']
        for row, kind in ((seg, 'seg'), (cls, 'cls')):
            # Which of the counts gives the printed millions, and how
            for key, way in (('state', 'buildable'),
                             ('paper_way', 'paper_arith')):
                match = case[f'{kind}_match_{way}']
                millions = row[key] / 1e6
                assert (match == 'round') == (
                    round(millions, 2) == row['printed'])
                if match == 'trunc':
                    assert int(100 * millions) / 100 == row['printed']


def test_operations_of_the_lightest_model(capsys):
    row, = load_tool('analysis_tools/count_params.py').main(
        [str(CONFIGS / 'cncb-r18_t1.py'), '--shape', '128', '128'])
    assert 0 < row['gflops'] < 18
    # RoIs, and so the operations, depend on the weights: always the same.
    torch.manual_seed(7)
    assert load_tool('analysis_tools/count_params.py').main(
        [str(CONFIGS / 'cncb-r18_t1.py'), '--shape', '128', '128']) == [row]
    with pytest.raises(SystemExit):
        load_tool('analysis_tools/count_params.py').main([])
    with pytest.raises(SystemExit):
        load_tool('analysis_tools/count_params.py').main(['none.py'])
    assert 'none.py' in capsys.readouterr().err


def test_patients_of_two_lists(data, tmp_path, capsys):
    main = load_tool('dataset_converters/check_patient_split.py').main
    lists = [str(data / f'covidx_ct/{split}_COVIDx-CT.txt')
             for split in ('train', 'val', 'test')]
    assert main(lists) == 0
    slices = [str(data / f'covid_data/{split}.txt')
              for split in ('train', 'val', 'test')]
    assert main(slices) == 0
    # COVIDx-CT's and the authors' form of one patient
    leaking = tmp_path / 'leaking.txt'
    leaking.write_text('2_2_9999_0001.png\n')
    assert main([lists[0], str(leaking)]) == 1
    assert 'share 1 patients: classified 2' in capsys.readouterr().out
    leaking.write_text('picture.png 1\n')
    assert main([lists[0], str(leaking)]) == 2
    assert 'line 1' in capsys.readouterr().err
    assert main([lists[0], str(tmp_path / 'none.txt')]) == 2
    # A list compared with itself
    assert main([lists[0], lists[0]]) == 1
    # The later releases: two series of a patient, and none of another
    (tmp_path / 'a.txt').write_text('coronacases_007-0078.png 2\n'
                                    '137covid_patient76_SR_4_IM13.png 2\n')
    leaking.write_text('coronacases_010-0075.png 2\n'
                       'LIDC-IDRI-0273-1.3.6-0032.png 0 1 2 3 4\n')
    assert main([str(tmp_path / 'a.txt'), str(leaking)]) == 0
    leaking.write_text('137covid_patient76_SR_3_IM00024.png 2\n')
    assert main([str(tmp_path / 'a.txt'), str(leaking)]) == 1
    assert 'share 1 patients: patient76' in capsys.readouterr().out
    leaking.write_text('P7_scan1_003.png 2\n')
    assert main([str(tmp_path / 'a.txt'), str(leaking)]) == 2
    assert 'tells no patient' in capsys.readouterr().err
    leaking.write_text('\n')
    assert main([lists[0], str(leaking)]) == 2


def test_lists_of_the_released_size(tmp_path, capsys):
    facts = worked_case('covid_ct_mask_net', 'split_facts')
    seg, first, lists = facts['seg'], 0, []
    for split in ('train', 'test'):
        count = seg[f'{split}_patients']
        names = [f'{first + k}_{n}.jpg' for k in range(count)
                 for n in range(5)]
        assert len(names) == seg[split]
        first += count
        lists.append(tmp_path / f'{split}.txt')
        lists[-1].write_text('\n'.join(names))
    main = load_tool('dataset_converters/check_patient_split.py').main
    assert main(list(map(str, lists))) == seg['shared_patients'] == 0
    out = capsys.readouterr().out
    for split in ('train', 'test'):
        assert f"{split}.txt: {seg[f'{split}_patients']} patients" in out
    # The slices to classify, in the authors' form
    cls = facts['cls_train']
    names = [
        f'{label}_{label}{k % patients}_1_{k:04d}.png' for label, (
            number, patients) in enumerate(zip(cls['per_class'],
                                               cls['patients']))
        for k in range(number)]
    assert len(names) == cls['n']
    lists[0].write_text('\n'.join(names))
    main(list(map(str, lists)))
    assert f"{sum(cls['patients'])} patients" in capsys.readouterr().out


def test_folds(tmp_path):
    module = load_tool('dataset_converters/make_folds.py')
    lines = [f'{label}_{label}{patient}_0_{k}.png'
             for label in (0, 1) for patient in range(7) for k in range(patient
                                                                        + 1)]
    lines.append('other.png 1 group')
    lines += [f'normal{k}_patient202_SR_{k}_IM1.png 0' for k in (1, 4)]
    (tmp_path / 'list.txt').write_text('\n'.join(lines))
    module.main([str(tmp_path / 'list.txt'), str(tmp_path), '--folds', '3'])
    tested = []
    for fold in range(3):
        parts = {}
        for part in ('train', 'test'):
            text = (tmp_path / f'fold{fold}_{part}.txt').read_text()
            parts[part] = [line.split() for line in text.splitlines()]
        tested += [name for name, _ in parts['test']]
        patients = [{name.split('_')[1] for name, _ in part
                     if '_' in name} for part in parts.values()]
        # One patient of the later releases under two folders
        assert sum('patient202' in each for each in patients) == 1
        assert not patients[0] & patients[1]
        labels = [label for _, label in parts['test']]
        assert abs(labels.count('0') - labels.count('1')) <= 4
        assert len(parts['train']) + len(parts['test']) == len(lines)
    assert sorted(tested) == sorted(line.split()[0] for line in lines)
    for text, told in (('a.png\n', 'no class'), ('a.png 1\n', 'no group')):
        (tmp_path / 'bad.txt').write_text(text)
        with pytest.raises(SystemExit, match=told):
            module.main([str(tmp_path / 'bad.txt'), str(tmp_path)])


def test_coco_file(data, tmp_path):
    out = tmp_path / 'ann' / 'train.json'
    load_tool('dataset_converters/cncb_to_coco.py').main([
        str(data / 'covid_data'), str(out), '--imgs', 'train/imgs/',
        '--masks', 'train/masks/', '--class-mode', 'both', '--min-area',
        '20'])
    coco = COCO(str(out))
    assert [c['name'] for c in coco.dataset['categories']] == [
        'ggo', 'consolidation']
    assert len(coco.imgs) == 3 and coco.anns
    for annotation in coco.anns.values():
        image = coco.imgs[annotation['image_id']]
        path = data / 'covid_data/train/masks' / image['file_name']
        codes = np.asarray(Image.open(path.with_suffix('.png')))
        mask = coco.annToMask(annotation).astype(bool)
        assert mask.sum() == annotation['area'] >= 20
        assert (codes[mask] == annotation['category_id'] + 1).all()
        x, y, w, h = annotation['bbox']
        assert mask[y:y + h, x:x + w].sum() == mask.sum()
    with pytest.raises(SystemExit):
        load_tool('dataset_converters/cncb_to_coco.py').main(
            [str(tmp_path), str(out)])


def test_mean_and_deviation():
    images = [np.random.default_rng(k).integers(0, 256, (5 + k, 7, 3))
              for k in range(3)]
    mean, std = mean_std(images)
    pixels = np.concatenate([image.reshape(-1, 3) for image in images])
    assert np.allclose(mean, pixels.mean(0))
    assert np.allclose(std, pixels.std(0))
    with pytest.raises(ValueError):
        mean_std([])


@pytest.mark.parametrize('loader, told', [
    (dict(type='LoadCTSlice'), ''), (dict(type='LoadImageFromFile'),
                                     'scan.nii#0: is a DICOM file or'),
    (dict(type='LoadAnnotations'), 'has none of LoadCTSlice')])
def test_mean_and_deviation_of_volumes(tmp_path, capsys, loader, told):
    volume = np.full((4, 5, 2), -1350, np.int16)
    # Grey level 127 through the window.
    volume[..., 1] = -600
    nibabel.save(nibabel.Nifti1Image(volume, np.eye(4)),
                 tmp_path / 'scan.nii')
    (tmp_path / 'list.txt').write_text('scan.nii#0 0\nscan.nii#1 1\n')
    data = dict(type='CTImageDataset', data_root=str(tmp_path),
                ann_file='list.txt', pipeline=[
                    loader, dict(type='Resize', scale=(8, 8))])
    Config(dict(train_dataloader=dict(dataset=dict(
        type='RepeatDataset', times=2, dataset=data)))).dump(
            tmp_path / 'config.py')
    args = [str(tmp_path / 'config.py')]
    main = load_tool('dataset_converters/ct_mean_std.py').main
    if told:
        with pytest.raises(SystemExit, match=told):
            main(args)
        return
    main(args)
    printed = capsys.readouterr().out
    assert f'mean={[63.5] * 3}' in printed and f'std={[63.5] * 3}' in printed


def load_narrow(name):
    cfg = Config.fromfile(CONFIGS / f'{name}.py')
    narrow(cfg.model, rois=6)
    return cfg


def test_segmentation_checkpoint_to_classifier(tmp_path, capsys):
    seg, cls = load_narrow('cncb-r18_t1'), load_narrow('covidx-r18_t1')
    cls.dump(tmp_path / 'cls.py')
    weights = MODELS.build(seg.model).state_dict()
    torch.save(dict(state_dict=weights), tmp_path / 'seg.pth')
    args = [str(tmp_path / name) for name in ('cls.py', 'seg.pth', 'out.pth')]
    load_tool('model_converters/seg_to_classifier.py').main(args)
    made = torch.load(args[2], weights_only=True)['state_dict']
    model = MODELS.build(cls.model)
    missing, unexpected = model.load_state_dict(made, strict=False)
    assert not unexpected and {m.split('.')[0] for m in missing} == {
        'img_head'}
    assert all(torch.equal(value, weights[name])
               for name, value in made.items())

    seg.model.backbone.depth = 34
    torch.save(MODELS.build(seg.model).state_dict(), tmp_path / 'seg.pth')
    with pytest.raises(SystemExit):
        load_tool('model_converters/seg_to_classifier.py').main(args)
    assert 'not in the classifier: backbone.' in capsys.readouterr().err


class Harmful:
    """Pickled, it would write a file."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return open, (self.path, 'w')


def test_released_layout(tmp_path, capsys):
    """Weights renamed the other way round come back, and nothing runs."""
    module = load_tool('model_converters/covid_ct_released_weights.py')
    cfg = load_narrow('cncb-r18_t1')
    cfg.dump(tmp_path / 'cfg.py')
    ours = MODELS.build(cfg.model).state_dict()
    theirs = {}
    for name, value in ours.items():
        for old, new in (
                ('backbone.', 'backbone.body.'),
                ('neck.lateral_convs.0.conv', 'backbone.fpn.inner_blocks.0'),
                ('neck.fpn_convs.0.conv', 'backbone.fpn.layer_blocks.0'),
                ('rpn_head.rpn_conv', 'rpn.head.conv'),
                ('rpn_head.rpn_cls', 'rpn.head.cls_logits'),
                ('rpn_head.rpn_reg', 'rpn.head.bbox_pred'),
                ('roi_head.bbox_head.shared_fcs.0', 'roi_heads.box_head.fc6'),
                ('roi_head.bbox_head.shared_fcs.1', 'roi_heads.box_head.fc7'),
                ('roi_head.bbox_head.fc_cls',
                 'roi_heads.box_predictor.cls_score'),
                ('roi_head.bbox_head.fc_reg',
                 'roi_heads.box_predictor.bbox_pred'),
                ('roi_head.mask_head.convs.0.conv',
                 'roi_heads.mask_head.mask_fcn1'),
                ('roi_head.mask_head.upsample',
                 'roi_heads.mask_predictor.conv5_mask'),
                ('roi_head.mask_head.conv_logits',
                 'roi_heads.mask_predictor.mask_fcn_logits')):
            if name.startswith(old):
                if 'fc_cls' in name:
                    value = torch.cat([value[-1:], value[:-1]])
                elif 'fc_reg' in name:
                    value = torch.cat([torch.ones_like(value[:4]), value])
                elif 'conv_logits' in name:
                    value = torch.cat([torch.ones_like(value[:1]), value])
                theirs[new + name[len(old):]] = value
                break
    assert len(theirs) == len(ours)
    torch.save(
        dict(model_weights=theirs, anchors=Harmful(tmp_path / 'ran')),
        tmp_path / 'theirs.pth')
    args = [str(tmp_path / name)
            for name in ('theirs.pth', 'cfg.py', 'out.pth')]
    module.main(args)
    assert not (tmp_path / 'ran').exists()
    made = torch.load(args[2], weights_only=True)['state_dict']
    assert made.keys() == ours.keys()
    assert all(torch.equal(made[name], ours[name]) for name in ours)
    for theirs_name, ours_name in (
            ('fc_scores', 'fcs.0'), ('fc_scores_2', 'fcs.1'),
            ('fc_scores_img', 'fc_img'), ('fc_img', 'fc_img')):
        for part in ('weight', 'bias'):
            assert released_covid_ct.rename(
                f's2new.{theirs_name}.{part}') == f'img_head.{ours_name}.' \
                f'{part}'
    torch.save(dict(theirs, head=torch.zeros(1)), tmp_path / 'theirs.pth')
    with pytest.raises(SystemExit):
        module.main(args)
    assert 'unknown weights, the first: head' in capsys.readouterr().err


def write_models(place, **dataset):
    """Narrow models of both kinds, as arguments for the critical areas."""
    seg, cls = load_narrow('synthetic'), load_narrow('synthetic-classifier')
    cls.test_dataloader.dataset.update(dataset)
    for name, cfg in (('seg', seg), ('cls', cls)):
        cfg.dump(place / f'{name}.py')
        torch.manual_seed(0)
        model = MODELS.build(cfg.model)
        model.init_weights()
        torch.save(dict(state_dict=model.state_dict()), place / f'{name}.pth')
    paths = {path.name: str(path) for path in place.iterdir()}
    return ([paths['cls.py'], paths['cls.pth']],
            ['--seg-config', paths['seg.py'], '--seg-checkpoint',
             paths['seg.pth']])


def test_critical_areas(data, tmp_path):
    out = tmp_path / 'out'
    common, seg = write_models(tmp_path, data_root=str(data / 'covidx_ct'))
    module = load_tool('analysis_tools/roi_critical_areas.py')
    common += ['--out-dir', str(out)]
    module.main([
        *common, '--list', 'test_COVIDx-CT.txt', '--max-images', '1', *seg])
    made = sorted(path.name for path in out.iterdir())
    stem = made[0].split('.')[0]
    assert made == [f'{stem}{end}' for end in (
        '.json', '_areas.png', '_map.npy', '_panel.png')]
    found = json.loads((out / made[0]).read_text())
    assert found['truth'] == 'Control' and len(found['logits']) == 3
    assert 0 < len(found['rois']) == found['num_valid'] <= 6
    best = found['rois'][0]
    x1, y1, x2, y2 = best['bbox']
    assert best['area'] == pytest.approx((x2 - x1) * (y2 - y1))
    assert np.load(out / made[2]).shape == (96, 96)
    assert 'not a medical device' in found['notice']
    # An image without a list has no truth.
    image = next((data / 'covidx_ct/images').iterdir())
    module.main([*common, '--images', str(image)])
    text = (out / f'{image.stem}.json').read_text()
    assert json.loads(text)['truth'] is None
    with pytest.raises(SystemExit, match='none.txt'):
        module.main([*common, '--list', 'none.txt'])


def test_critical_areas_of_dicom_and_volumes(tmp_path, monkeypatch):
    common, seg = write_models(tmp_path, pipeline=[
        dict(type='LoadCTSlice'),
        dict(type='Resize', scale=(64, 64), keep_ratio=False),
        dict(type='PackCTInputs')])
    volume = np.full((40, 50, 2), -1350, np.int16)
    volume[..., 1] = -600
    nibabel.save(nibabel.Nifti1Image(volume, np.eye(4)),
                 tmp_path / 'scan.nii.gz')
    slices = [str(tmp_path / name) for name in (
        '1.2.840.1.dcm', '1.2.840.2.dcm', 'scan.nii.gz#0', 'scan.nii.gz#1')]
    for k, path in enumerate(slices[:2]):
        write_dicom(path, np.full((50, 40), 375 * k))
    module, figures = load_tool('analysis_tools/roi_critical_areas.py'), []
    monkeypatch.setattr(critical_areas.plt, 'close', figures.append)
    out = tmp_path / 'out'
    module.main([
        *common, *seg, '--out-dir', str(out), '--images', *slices])
    assert {path.name for path in out.iterdir()} == {
        f'{name}{end}'
        for name in ('1.2.840.1', '1.2.840.2', 'scan#0', 'scan#1')
        for end in ('.json', '_areas.png', '_map.npy', '_panel.png')}
    assert json.loads((out / 'scan#1.json').read_text())[
        'image'] == 'scan.nii.gz#1'
    # What the pipeline loaded, in pixels of the original.
    panels = [figure.axes[0].images[0] for figure in figures
              if figure.axes[0].images]
    # Figures travel, so each carries the notice; panels have the masks.
    for figure in figures:
        assert 'not a medical device' in figure.get_supxlabel()
        if figure.axes[0].images:
            shade = figure.axes[0].images[1].get_array()
            assert shade.shape == (40, 50, 4) or shade.shape == (50, 40, 4)
    assert [set(panel.get_array().flat) for panel in panels] == [
        {0}, {127}, {0}, {127}]
    assert all(list(panel.get_extent()) == [0, 40, 50, 0] for panel in panels)
    assert np.load(out / 'scan#1_map.npy').shape == (50, 40)
    (tmp_path / 'other').mkdir()
    same = write_dicom(tmp_path / 'other/1.2.840.1.dcm', np.zeros((50, 40)))
    with pytest.raises(SystemExit, match='other/1.2.840.1.dcm would both'):
        module.main([*common, '--out-dir', str(out), '--images', slices[0],
                     str(same)])
    monkeypatch.undo()
    for figure in figures:
        critical_areas.plt.close(figure)


def test_speed_of_detector_and_classifier(tmp_path, capsys):
    paths = []
    for name in ('cncb-r18_t1', 'covidx-r18_t1'):
        paths.append(str(tmp_path / f'{name}.py'))
        load_narrow(name).dump(paths[-1])
    rows = load_tool('analysis_tools/benchmark_lesion_speed.py').main([
        *paths, '--size', '64', '--lesions', '2', '--detections', '3',
        '--rounds', '2', '--optimized', '--out',
        str(tmp_path / 'rows.json')])
    assert json.loads((tmp_path / 'rows.json').read_text()) == rows
    detector, classifier, optimized = rows
    assert detector['model'] == 'cncb-r18_t1'
    assert optimized['model'] == 'covidx-r18_t1, optimized'
    assert optimized['train ms'] is None and optimized['test ms'] > 0
    assert detector['ranking and S %'] is None
    assert classifier['ranking and S %'] > 0
    for mode in ('train', 'test'):
        assert detector[f'{mode} speed-up'] == 1
        assert classifier[f'{mode} speed-up'] == pytest.approx(
            detector[f'{mode} ms'] / classifier[f'{mode} ms'])
    printed = capsys.readouterr().out
    assert '64 x 64, 1 threads, process time, median of 2' in printed
    assert f'{detector["test ms"]:.2f}' in printed


def test_demo_on_dicom_and_volumes(tmp_path):
    """The demo draws what training reads."""
    common, _ = write_models(tmp_path, pipeline=[
        dict(type='LoadCTSlice'),
        dict(type='Resize', scale=(64, 64), keep_ratio=False),
        dict(type='PackCTInputs')])
    volume = np.full((40, 50, 2), -600, np.int16)
    nibabel.save(nibabel.Nifti1Image(volume, np.eye(4)),
                 tmp_path / 'scan.nii.gz')
    folder = tmp_path / 'slices'
    folder.mkdir()
    write_dicom(folder / '1.2.840.dcm', np.full((50, 40), 375))
    for source, name in ((folder, '1.2.840'),
                         (tmp_path / 'scan.nii.gz#1', 'scan#1')):
        paths = image_demo.find_images(source)
        done, = image_demo.draw_detections(
            paths, *map(Path, common), tmp_path / 'out', score_thr=2.)
        assert done.picture.name == f'{name}.png' and done.shown == 0
        picture = cv2.imread(str(done.picture))
        assert abs(picture.astype(int) - 127).max() <= 2
    cfg = Config.fromfile(common[0])
    cfg.test_dataloader.dataset.pipeline[0] = dict(type='LoadImageFromFile')
    with pytest.raises(ValueError, match='840.dcm.*LoadCTSlice'):
        image_demo.demo_pixels(cfg, folder / '1.2.840.dcm')
