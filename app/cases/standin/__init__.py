"""A case system to practise on: strict like the real one, forgetful and slow on demand, and never the real one."""
