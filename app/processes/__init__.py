"""A participation process: what people are asked, by whom, and until when."""
