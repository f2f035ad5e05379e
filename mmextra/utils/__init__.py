from .registry import register_in_both

__all__ = ['register_in_both']
