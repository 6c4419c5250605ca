"""The course's functions under the course's own names, and the figures that the course published.

A program written against the helper functions of the course's "Initialization" exercise runs on these: the same names,
arguments, shapes, prints and numbers. Examples are columns: X is (features, m), Y is (1, m) with labels 0 and 1.

>>> from initlab import course
>>> train_X, train_Y, test_X, test_Y = course.load_dataset()
>>> parameters = course.model(train_X, train_Y, num_iterations=1001)
Cost after iteration 0: 0.883053746341...
Cost after iteration 1000: 0.687982591972...

`reproduce()` trains everything that the course trained and sets its figures beside those published;
`reproduce_gradient_checks()` does the same for its exercise on gradient checking.
"""

from initlab.course.data import load_dataset as load_dataset
from initlab.course.gradient_checking import backward_propagation_n as backward_propagation_n
from initlab.course.gradient_checking import dictionary_to_vector as dictionary_to_vector
from initlab.course.gradient_checking import forward_propagation_n as forward_propagation_n
from initlab.course.gradient_checking import gradient_check as gradient_check
from initlab.course.gradient_checking import gradient_check_n as gradient_check_n
from initlab.course.gradient_checking import gradient_check_n_test_case as gradient_check_n_test_case
from initlab.course.gradient_checking import gradients_to_vector as gradients_to_vector
from initlab.course.gradient_checking import vector_to_dictionary as vector_to_dictionary
from initlab.course.gradient_reproduction import reproduce_gradient_checks as reproduce_gradient_checks
from initlab.course.initialization import initialize_parameters_he as initialize_parameters_he
from initlab.course.initialization import initialize_parameters_random as initialize_parameters_random
from initlab.course.initialization import initialize_parameters_xavier as initialize_parameters_xavier
from initlab.course.initialization import initialize_parameters_zeros as initialize_parameters_zeros
from initlab.course.plots import plot_costs as plot_costs
from initlab.course.plots import plot_decision_boundary as plot_decision_boundary
from initlab.course.prediction import predict as predict
from initlab.course.prediction import predict_dec as predict_dec
from initlab.course.propagation import backward_propagation as backward_propagation
from initlab.course.propagation import compute_loss as compute_loss
from initlab.course.propagation import forward_propagation as forward_propagation
from initlab.course.propagation import relu as relu
from initlab.course.propagation import sigmoid as sigmoid
from initlab.course.propagation import stable_loss as stable_loss
from initlab.course.propagation import update_parameters as update_parameters
from initlab.course.reproduction import reproduce as reproduce
from initlab.course.training import model as model
