"""`python -m tests.chaos`: the long story, or that of a silent Redis."""

import argparse
import sys

from tests.chaos.services import PostgreSQL
from tests.chaos.silence import silence
from tests.chaos.story import Plan, table, tell


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests.chaos", description="The whole program while its parts die.")
    parser.add_argument("--broker", choices=["redis", "amqp"], default="redis")
    parser.add_argument("--database", choices=["postgres", "sqlite"], default="postgres")
    parser.add_argument("--jobs", type=int, default=Plan.jobs)
    parser.add_argument("--faults", type=int, default=Plan.faults)
    parser.add_argument("--seed", type=int, default=Plan.seed)
    parser.add_argument("--keep", action="store_true", help="keep the folder with logs and databases")
    parser.add_argument(
        "--silence", type=int, metavar="SECONDS", help="instead: a broker that is frozen so long"
    )
    chosen = parser.parse_args()
    if chosen.database == "postgres" and PostgreSQL.binaries() is None:
        sys.exit("PostgreSQL's initdb is not installed (or choose --database sqlite).")
    plan = Plan(chosen.broker, chosen.database == "postgres", chosen.jobs, chosen.faults, chosen.seed)
    if chosen.silence:
        print(silence(plan, chosen.silence))
        return
    print(f"seed {plan.seed}", flush=True)
    report = tell(plan, chosen.keep)
    print(table(report))
    sys.exit(0 if report.kept else 1)


if __name__ == "__main__":
    main()
