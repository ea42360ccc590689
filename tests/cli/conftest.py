"""What tests of the command line share: it, run in this process."""

import tomli_w
from typer.testing import CliRunner

from hillotype.cli.app import app


def run(*arguments):
    """What became of a command: its exit code and what it printed, in lines as long as it takes."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "300"})


def latent(command, *arguments):
    """The same of a command of `hillotype latent`, which must succeed."""
    done = run("latent", command, *arguments)
    assert done.exit_code == 0, done.output
    return done


def train(folder, recipe):
    """Train a recipe into a folder of its name, within this one."""
    path = folder / f"{recipe['name']}.toml"
    path.write_text(tomli_w.dumps(recipe))
    done = run("train", path, "-o", folder / recipe["name"], "--accelerator", "cpu")
    assert done.exit_code == 0, done.output
