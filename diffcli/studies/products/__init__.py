"""Products with the Jacobian and with the Hessian, without the matrix."""
