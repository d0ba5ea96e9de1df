"""The judge of second derivatives: values of the function alone."""
