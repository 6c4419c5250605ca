"""The schemes: functions from a Fan, and stated extras, to a Law. One family a file, one function a scheme."""

from initlab.schemes.scheme import SCHEMES as SCHEMES
from initlab.schemes.scheme import Choice as Choice
from initlab.schemes.scheme import Scheme as Scheme
from initlab.schemes.scheme import choose as choose
from initlab.schemes.scheme import parse as parse
from initlab.schemes.scheme import scheme as scheme
