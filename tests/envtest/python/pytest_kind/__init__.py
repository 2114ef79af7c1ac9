"""In place of the package of this name: the cluster is there, and is not a kind cluster.

Standin itself is what the suite runs on; `suites` says where it is.
"""


def pytest_addoption(parser):
    parser.addoption("--keep-cluster", action="store_true", dest="keep_cluster")
