"""What waits for whom: tasks, their registers, who has them, and what goes back when somebody leaves."""
