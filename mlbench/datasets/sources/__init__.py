"""One file per public dataset or family: its card, its files, and how they are read.

Tested elsewhere than in a file of their own name:

    aapd, arxiv_cs54, bgc, debtags, eurlex, go_emotions, jigsaw_toxic, rcv1, reuters21578, semeval2018_ec,
    uklex, yeast: tests/datasets/sources/test_text_sources.py
    adp, ccp_clothing, celeba, chestxray14, coco, miml_scenes, mirflickr25k, nus_wide, openclipart, voc:
    tests/datasets/sources/test_image_sources.py
    synthetic_features, synthetic_topics: tests/datasets/synthetic/test_family.py
"""
