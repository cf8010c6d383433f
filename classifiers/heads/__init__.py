"""Every head by the name that manifests and `--head` use."""

from __future__ import annotations

from classifiers.base import Head
from classifiers.heads.boosting import BoostingHead
from classifiers.heads.category_mean import CategoryMeanHead
from classifiers.heads.knn import KnnHead
from classifiers.heads.logistic import LogisticHead
from classifiers.heads.mlp import MlpHead
from classifiers.heads.ridge import RidgeHead

HEADS: dict[str, type[Head]] = {
    LogisticHead.kind: LogisticHead,
    RidgeHead.kind: RidgeHead,
    KnnHead.kind: KnnHead,
    BoostingHead.kind: BoostingHead,
    MlpHead.kind: MlpHead,
    CategoryMeanHead.kind: CategoryMeanHead,
}
