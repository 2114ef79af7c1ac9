"""Git repositories with the same objects in each run."""
import os
import subprocess

DATES = {"GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z", "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z"}


def three_commits(folder):
    """`small.git` with three commits on one branch; pushes are allowed."""
    _shell(folder, """
        git init -q --bare small.git
        git -C small.git config uploadpack.allowFilter true
        git -C small.git config http.receivepack true
        git init -q work && cd work && git checkout -q -b master
        for i in 1 2 3; do seq $i 3000 > f$i; git add .; git commit -qm c$i; done
        git push -q ../small.git master
        git -C ../small.git symbolic-ref HEAD refs/heads/master""")


def many_branches(folder):
    """`many.git` with 60 commits and a branch at each."""
    _shell(folder, """
        git init -q --bare many.git
        git init -q work && cd work && git checkout -q -b master
        for i in $(seq 60); do echo $i > f; git add .; git commit -qm c$i; git branch b$i; done
        git push -q ../many.git --all
        git -C ../many.git symbolic-ref HEAD refs/heads/master""")


def _shell(folder, script):
    environment = dict(
        os.environ, GIT_CONFIG_GLOBAL="/dev/null", GIT_CONFIG_SYSTEM="/dev/null", GIT_AUTHOR_NAME="a",
        GIT_AUTHOR_EMAIL="a@b", GIT_COMMITTER_NAME="a", GIT_COMMITTER_EMAIL="a@b", **DATES)
    subprocess.run(["bash", "-ec", script], cwd=folder, env=environment, check=True, capture_output=True)
