"""Labels that machines read (implicit); those that people see belong to the medium that shows them."""
