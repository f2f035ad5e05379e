# The novel classes without fine-tuning: test the weights of synthetic.py.
_base_ = './synthetic-5shot.py'
