"""What a watermark survives, measured: pictures, attacks, schemes, runs, tables and plots.

Pictures are not in the repository. `pictures.toml` names them and their packages; get each package with its registry's
own client, unpack it into a folder of its own, and make the sets:

    python -m bench.watermark.pictures UNPACKED SETS --kodak ../shared/data/kodak
    python -m bench.watermark.special UNPACKED SETS/special
    export CHOPMARK_EVAL_PICTURES=SETS OMP_NUM_THREADS=1

Then measure. Every run appends JSON lines to a folder and goes on where it was stopped:

    python -m bench.watermark run --results RESULTS --set heldout/1024,heldout/768,heldout/500,heldout/2048 \
        --schemes tile,dwt_dct_svd,library_dwtDctSvd,library_dwtDct --attacks study,target,waves --limit 40
    python -m bench.watermark falsepositives --results RESULTS --set heldout/1024,heldout/500 --schemes tile
    python -m bench.watermark timing --results RESULTS --schemes tile,dwt_dct_svd,library_dwtDctSvd --limit 5
    python -m bench.watermark hardening --results RESULTS --schemes tile --limit 12 --models MODELS
    python -m bench.watermark crops --schemes tile --into docs/images
    python -m bench.watermark report --results RESULTS --page docs/watermark.md

Parameters are chosen on `tuning`, claims are made on `heldout`; no scene is in both.
"""
