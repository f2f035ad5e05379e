# The output maps of LCB-YOLOv5s as Sec. 2.4 has them (256, 128 and 64 cells at
# 1024 pixels) instead of the introduction's 128, 64 and 32: anchor_generator
# beside out_indices=(1, 2, 3).
finer_maps = dict(
    strides=[4, 8, 16],
    # COCO's, half as large, as the strides.
    base_sizes=[[(5, 6.5), (8, 15), (16.5, 11.5)],
                [(15, 30.5), (31, 22.5), (29.5, 59.5)],
                [(58, 45), (78, 99), (186.5, 163)]])
