# Without fine-tuning: test the weights of coco14-base.py.
_base_ = './coco14-10shot.py'
