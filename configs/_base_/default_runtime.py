_base_ = 'mmdet::_base_/default_runtime.py'

visualizer = dict(type='PictureVisualizer')
custom_imports = dict(imports=['mmextra'], allow_failed_imports=False)
