from .query_support import QuerySupportDataPreprocessor, flatten_supports

__all__ = ['QuerySupportDataPreprocessor', 'flatten_supports']
