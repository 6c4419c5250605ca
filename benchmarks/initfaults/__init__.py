"""InitFaults: healthy networks, broken ones, a training run that says which are harmful, and every checker on all.

From the root of the tree:

    python -m benchmarks.initfaults healthy --half dev      # the networks that must raise no alarm
    python -m benchmarks.initfaults faults  --half dev      # the injected faults, with what training said of them
    python -m benchmarks.initfaults oracle                  # train what oracle.json does not know yet
    python -m benchmarks.initfaults learns --half late      # show that the networks are healthy
    python -m benchmarks.initfaults null                    # the harm of late networks that nothing was done to
    python -m benchmarks.initfaults score   --half late     # initlab and the baselines, the table of README.md
    python -m benchmarks.initfaults remedied --half late    # train what the first remedies mended
    python -m benchmarks.initfaults steady  --half dev      # models left as they were; one verdict whatever the seed
    python -m benchmarks.initfaults cost                    # seconds and memory beside a plain pass
    python -m benchmarks.initfaults numpy                   # the perceptron without a framework
"""
