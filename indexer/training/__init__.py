"""Training the Chinese embedding models that are shipped: the static one in `indexer/model`, the contextual one in `indexer/contextual_model`.

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
packed      texts in rows of one length
network     the transformer of the contextual model
material    what it learns from, as numbers
views       the pairs it is to bring together, drawn at random
drawing     its batches, and its recipe
stages      its three stages
contextual  tells its story, and trains it

    duijie train --data ../shared/data --out DIR
    duijie train --contextual --data ../shared/data --out DIR
"""

from indexer.training.card import ModelCard
from indexer.training.contextual import train_contextual
from indexer.training.static import train

__all__ = ["ModelCard", "train", "train_contextual"]
