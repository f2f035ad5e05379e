from .families import FAMILIES, Family, family_config, make_data
