"""An ImageNet-trained network turns each photo into a vector."""
