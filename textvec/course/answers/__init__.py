"""What is right, computed: a module for each unit, a function for each exercise."""
