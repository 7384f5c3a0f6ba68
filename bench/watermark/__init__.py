"""What a watermark survives, measured: pictures, attacks, schemes, runs, tables and plots.

    python -m bench.watermark --help

Pictures are not in the repository: `bench/watermark/pictures.py` makes the sets from packages, and
`CHOPMARK_EVAL_PICTURES` or `--pictures` says where they lie.
"""
