"""Methods that rescale what was drawn by what the network does with one batch of data. One method, one file.

MetaInit and GradInit are not among them: both descend gradients of gradients for hundreds of steps, with step sizes and
batches of their own, so that what they give is a training run and not a plan that can be shown and verified.
"""

from initlab.plans.data_dependent.methods import METHODS as METHODS
from initlab.plans.data_dependent.methods import adapt_to as adapt_to
from initlab.plans.data_dependent.methods import check_batch as check_batch
from initlab.plans.data_dependent.methods import output_tests as output_tests
