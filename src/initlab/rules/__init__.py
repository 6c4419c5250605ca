"""The rules: what may be wrong with a network at step zero. One file a rule; each a pure function of a Trace."""

from initlab.rules.rule import RULES as RULES
from initlab.rules.rule import Edit as Edit
from initlab.rules.rule import Finding as Finding
from initlab.rules.rule import NotApplicable as NotApplicable
from initlab.rules.rule import Remedy as Remedy
from initlab.rules.rule import Rule as Rule
from initlab.rules.rule import Severity as Severity
