"""Training the static Chinese embedding model that is shipped in `indexer/model`.

demands     words a need as a firm would
pairs       reads public data into pairs of texts that say the same thing
written     pairs that were written for this project: the thesaurus, demands in firms' voices
sources     all of them, with their weights, materials and licences
vocabulary  finds the words worth a vector and builds the tokenizer
texts       turns pairs into batches of word numbers
start       where the words' vectors start: words in the same company
measure     asks how near the model puts what belongs together
card        writes down what was made, and from what
static      tells the story, and trains

    duijie train --data ../shared/data --out DIR
"""

from indexer.training.card import ModelCard
from indexer.training.static import train

__all__ = ["ModelCard", "train"]
