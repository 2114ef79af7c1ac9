"""The cluster of a suite: the kubeconfig of a server that runs already."""
import os
import pathlib
import shutil
import subprocess


class KindCluster:
    def __init__(self, name="kind", image=None):
        self.name = name
        self.kubeconfig_path = pathlib.Path(os.environ["SUITE_KUBECONFIG"])
        self.kubectl_path = pathlib.Path(shutil.which("kubectl"))

    def create(self):
        """It is there."""

    def delete(self):
        """It ends with the suite."""

    def kubectl(self, *args):
        environment = {**os.environ, "KUBECONFIG": str(self.kubeconfig_path)}
        return subprocess.check_output([str(self.kubectl_path), *args], env=environment, encoding="utf-8")
