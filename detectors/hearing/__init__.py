"""Words out of sound: utterances are cut at pauses, and a recogniser says which words stand in each, and when."""
