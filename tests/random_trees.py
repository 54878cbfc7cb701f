"""Random trees, in which names clash: by case, by Unicode form, with our own numbers."""

from hypothesis import strategies as st

NAMES = st.sampled_from(
    [
        *("IMG.jpg", "img.JPG", "\u00e9.jpg", "e\u0301.jpg", "1 IMG.jpg", "IMG (2).jpg"),
        *("a\n.jpg", "\udcff.png", "-x", "x" * 255, "001 IMG", "001 e"),
    ]
)
FOLDERS = st.sampled_from(["", "a/", "a/b/", "out/", "out/001 IMG/", "out/001 img/", "out/001 é/"])
PATHS = st.builds(lambda folder, name: folder + name, FOLDERS, NAMES)
TREES = st.dictionaries(PATHS, st.binary(min_size=1, max_size=4), min_size=2, max_size=12).map(
    # without names that are both a file and a folder
    lambda tree: {
        name: tree[name]
        for name in sorted(tree)
        if not any(other.startswith(name + "/") for other in tree)
    }
)
