"""Chinese, to be replaced."""
def has_han(word): return any('\u4e00'<=c<='\u9fff' for c in word)
def looks_like_question(s): return False
def terminals(s,q): raise NotImplementedError
