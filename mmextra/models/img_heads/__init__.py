from .replication import cuts_to_index, draws_to_index, replication_index
from .roi_batch_image_head import RoIBatchImageHead

__all__ = [
    'RoIBatchImageHead', 'cuts_to_index', 'draws_to_index',
    'replication_index'
]
