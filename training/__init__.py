"""How the models in this repository were made: data, training and measuring. Nothing here runs in the product."""
