"""What a picture costs on Ray against the plain engine: seconds and CPU seconds, start-up apart.

    python benchmarks/engines.py [--pictures 24] [--megapixels 2] [--task restore]

Every row restores the same pictures, journal included. CPU seconds are those of this process and all below it, Ray's
own among them. Start-up is loading the models, and starting Ray and its workers; it is paid once a run. Needs Linux.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

from photographs import photographs

import hillotype
from hillotype.batch.cluster import RayEngine
from hillotype.batch.folder import find_jobs, restore_files
from hillotype.batch.journal import Journal


def cpu_seconds() -> float:
    """Returns what this process and all below it have used, those that have ended included."""
    below: dict[int, list[int]] = {}
    ticks = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        below.setdefault(int(fields[1]), []).append(int(path.parent.name))
        ticks[int(path.parent.name)] = sum(map(int, fields[11:15]))
    total, left = 0, [os.getpid()]
    while left:
        process = left.pop()
        total += ticks.get(process, 0)
        left += below.get(process, [])
    return total / os.sysconf("SC_CLK_TCK")


def restored(folder: Path, task: str, engine: RayEngine | None, threads: int) -> tuple[float, float]:
    """Restores a folder; returns the seconds and CPU seconds it took."""
    with tempfile.TemporaryDirectory() as out:
        started, used = time.perf_counter(), cpu_seconds()
        restorer = hillotype.load(task, threads=threads)
        with Journal(Path(out), {"task": task}) as journal:
            jobs = find_jobs([folder], Path(out))
            results = list(restore_files(restorer, jobs, journal=journal, engine=engine))
        assert all(not result.message for result in results), results
        return time.perf_counter() - started, cpu_seconds() - used


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, default=24)
    parser.add_argument("--megapixels", type=float, default=2.0)
    parser.add_argument("--task", default="restore")
    settings = parser.parse_args()
    print(
        f"{settings.pictures} pictures of {settings.megapixels:g} megapixels, {settings.task}, {os.cpu_count()} cores\n"
    )
    print("| engine | cores | start-up s | s a picture | CPU s a picture |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        first, all_of_them = Path(name, "first"), Path(name, "all")
        for folder, count in ((first, 4), (all_of_them, settings.pictures)):
            folder.mkdir()
            photographs(folder, count, settings.megapixels if folder is all_of_them else 0.01)
        for engine, cores in (("plain", 1), ("ray", 1), ("plain", 2), ("ray", 2)):
            started = time.perf_counter()
            if engine == "ray":
                import ray

                ray.init(address="local", num_cpus=cores, include_dashboard=False, log_to_driver=False)
            used = RayEngine() if engine == "ray" else None
            threads = 1 if used else cores
            restored(first, settings.task, used, threads)
            start = time.perf_counter() - started
            seconds, cpu = (value / settings.pictures for value in restored(all_of_them, settings.task, used, threads))
            print(f"| {engine} | {cores} | {start:.1f} | {seconds:.2f} | {cpu:.2f} |", flush=True)
            if used:
                ray.shutdown()


if __name__ == "__main__":
    main()
