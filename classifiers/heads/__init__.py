"""Every head by the name that manifests and `--head` use."""

from __future__ import annotations

from classifiers.base import Head
from classifiers.heads.logistic import LogisticHead
from classifiers.heads.ridge import RidgeHead

HEADS: dict[str, type[Head]] = {
    LogisticHead.kind: LogisticHead,
    RidgeHead.kind: RidgeHead,
}
