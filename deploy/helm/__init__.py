"""What of the chart is made of other files of ours."""
