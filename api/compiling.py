"""What marks and searches pictures is compiled once for a machine, before anybody waits for an answer."""

from api.console import build_progress, print_hint


def compile_once(*, with_bar: bool = False, quiet: bool = False) -> None:
    """Have compiled loops on disk, and say so where that takes a minute; nothing where they are, or have no place.

    `make setup`, `chopmark init` and `doctor` have done it where one of them ran. Else the first file would wait for it
    and be held, since who looks for marks would not answer in time.

    Args:
        with_bar: show that it goes on; not where another bar is shown.
        quiet: say nothing.
    """
    from provenance.warming import are_kernels_warm, have_kernels_a_place, warm_kernels

    if are_kernels_warm() or not have_kernels_a_place():
        return
    if not with_bar:
        if not quiet:
            print_hint("compiling what marks and searches pictures, once on this machine: it takes a minute")
        warm_kernels()
        return
    with build_progress(quiet=quiet, counted=False) as bar:
        bar.add_task("compiling, once on this machine", total=None)
        warm_kernels()
