"""The catalogue of mistakes in backward passes: one cause, one file, found by what it makes a program return."""

from initlab.gradients.causes.cause import CAUSES as CAUSES
from initlab.gradients.causes.cause import Cause as Cause
