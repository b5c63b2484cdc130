"""Draw the pictures of the retelling's characters that stand in the documentation."""

from pathlib import Path

from textvec import CharacterRecommender
from textvec.datasets import load_novel

novel = load_novel()
recommender = CharacterRecommender(novel.names, novel.aliases, random_state=0).fit(novel.text)
folder = Path(__file__).parent / "pictures"
folder.mkdir(exist_ok=True)
for kind, figure in {
    "map": recommender.plot_map(),
    "network": recommender.plot_network(n_names=50),
}.items():
    figure.savefig(folder / f"characters_{kind}.png", dpi=110)
