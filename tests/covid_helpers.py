"""Models of lesions with a handful of channels, and slices for them."""
from pathlib import Path

import numpy as np
import pydicom
from pydicom.uid import ExplicitVRLittleEndian, generate_uid


def write_dicom(path: Path, stored: np.ndarray,
                interpretation: str = 'MONOCHROME2') -> Path:
    """A DICOM file of 16 bits, of which 2 v - 1350 are Hounsfield units."""
    meta = pydicom.dataset.FileMetaDataset()
    meta.MediaStorageSOPClassUID = pydicom.uid.CTImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data = pydicom.dataset.FileDataset(
        None, {}, file_meta=meta, preamble=b'\0' * 128)
    data.SOPClassUID = meta.MediaStorageSOPClassUID
    data.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    data.Rows, data.Columns = stored.shape
    data.SamplesPerPixel = 1
    data.BitsAllocated = data.BitsStored = 16
    data.HighBit, data.PixelRepresentation = 15, 0
    data.PhotometricInterpretation = interpretation
    data.RescaleSlope, data.RescaleIntercept = 2, -1350
    data.PixelData = stored.astype('<u2').tobytes()
    data.save_as(path, enforce_file_format=True)
    return path


def narrow(model, rois=8):
    """Narrow the config of a lesion detector or classifier, in place.

    Args:
        model (dict): With one level in its neck.
        rois (int): RoIs that the classifier looks at.

    Returns:
        dict: The same.
    """
    width = model.neck.in_channels * 4 // model.backbone.get(
        'base_channels', 64)
    model.backbone.base_channels = 4
    model.neck.update(in_channels=width, out_channels=8)
    model.rpn_head.update(in_channels=8, feat_channels=8)
    model.roi_head.bbox_roi_extractor.out_channels = 8
    model.roi_head.bbox_head.update(in_channels=8, fc_out_channels=8)
    if model.type == 'MaskRCNN':
        model.roi_head.mask_roi_extractor.out_channels = 8
        model.roi_head.mask_head.update(in_channels=8, conv_out_channels=4)
    else:
        model.img_head.update(num_rois=rois, feat_channels=8)
        model.test_cfg.rcnn.max_per_img = rois
    return model
