"""Every parser of annotations: a good file, how to load it, what is in it."""
from . import covid_ct_mask_net, feature_forecast, gcn_fsod, larsd, lcb_yolov5

PARSERS = {
    name: parser
    for paper in (larsd, lcb_yolov5, gcn_fsod, feature_forecast,
                  covid_ct_mask_net)
    for name, parser in paper.PARSERS.items()
}
