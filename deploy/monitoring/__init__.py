"""What is watched: rules, their tests, and what to do when one of them speaks."""
