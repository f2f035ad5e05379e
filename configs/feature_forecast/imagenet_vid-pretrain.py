# First phase: the detector alone on 15 frames of each video of ImageNet VID
# and on ImageNet DET. No row of a table.
_base_ = [
    '../_base_/models/ssdlite_mbv2_one_level.py',
    '../_base_/datasets/imagenet_vid_frames.py',
    '../_base_/schedules/ssdlite_frames_20e.py'
]
