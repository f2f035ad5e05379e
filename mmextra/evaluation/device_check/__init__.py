from .families import FAMILIES, Family, family_config, make_data

__all__ = ['FAMILIES', 'Family', 'family_config', 'make_data']
