"""The schemes: functions from a Fan, and stated extras, to a Law. One family a file, one function a scheme."""

from initlab.schemes.choice import Choice as Choice
from initlab.schemes.choice import choose as choose
from initlab.schemes.choice import parse as parse
from initlab.schemes.options import Option as Option
from initlab.schemes.options import OptionKind as OptionKind
from initlab.schemes.scheme import SCHEMES as SCHEMES
from initlab.schemes.scheme import Scheme as Scheme
from initlab.schemes.scheme import scheme as scheme
