"""What must work before mmextra itself can be imported.

The check of the stack, the build of mmcv and the ``mmextra`` command. Nothing
here imports torch or a host at its top level.
"""
