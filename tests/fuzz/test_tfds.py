"""Damaged copies of a data set of TFDS: a shard, or one of the two files that describe it."""

import json
import shutil
import tempfile
from pathlib import Path

import tensorflow as tf
from hypothesis import given
from mutations import assert_holds, mutated

from prep.sources.tfds import Tfds
from prep.tfds_copies import PreparedCopy

FEATURES = {
    "featuresDict": {
        "features": {
            "image": {"image": {"shape": {"dimensions": ["28", "28", "1"]}}},
            "image/filename": {"text": {}},
            "bbox": {"boundingBox": {}},
            "label": {"classLabel": {"numClasses": "10"}},
            "captions": {"sequence": {"feature": {"text": {}}}},
        }
    }
}
INFO = {
    "name": "data",
    "fileFormat": "tfrecord",
    "splits": [{"name": "train", "shardLengths": ["2"]}],
}
SHARD = "data-train.tfrecord-00000-of-00001"
