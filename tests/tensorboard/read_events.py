"""Prints what TensorBoard finds in a folder of events, as read_events.c does."""
import sys
from tensorboard.backend.event_processing import event_accumulator as accumulator

kinds = (accumulator.SCALARS, accumulator.HISTOGRAMS, accumulator.TENSORS)
events = accumulator.EventAccumulator(sys.argv[1], size_guidance={kind: 0 for kind in kinds})
events.Reload()
lines = []
for tag in events.Tags()["scalars"]:
    lines += ["%d %s %.9g" % (event.step, tag, event.value) for event in events.Scalars(tag)]
for tag in events.Tags()["histograms"]:
    for event in events.Histograms(tag):
        h = event.histogram_value
        buckets = ["%.17g:%.17g" % pair for pair in zip(h.bucket_limit, h.bucket)]
        sums = ["%.17g" % number for number in (h.min, h.max, h.num, h.sum, h.sum_squares)]
        lines.append(" ".join(["%d" % event.step, tag] + sums + buckets))
print("\n".join(sorted(lines)))
