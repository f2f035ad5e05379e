# Without fine-tuning: test the weights of coco17-base.py.
_base_ = './coco17-10shot.py'
