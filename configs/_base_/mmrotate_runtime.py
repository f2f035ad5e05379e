_base_ = 'mmrotate::_base_/default_runtime.py'

custom_imports = dict(imports=['mmextra'], allow_failed_imports=False)
