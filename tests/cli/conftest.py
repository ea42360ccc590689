"""What tests of the command line share: it, run in this process."""

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
