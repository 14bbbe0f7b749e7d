"""Fuzz targets: the same function under libFuzzer and, over its seeds, as a test."""

load("@rules_cc//cc:defs.bzl", "cc_binary", "cc_library", "cc_test")

def fuzz_target(name, deps):
    """Makes `name`_fuzz, for --config=fuzz, and `name`_seeds_test of `name`_fuzz.cc, which has LLVMFuzzerTestOneInput.

    Args:
      name: what is fuzzed; seeds.cc has a line for it.
      deps: what `name`_fuzz.cc includes.
    """
    cc_library(
        name = name + "_target",
        testonly = True,
        srcs = [name + "_fuzz.cc"],
        deps = deps,
    )
    cc_test(
        name = name + "_seeds_test",
        size = "medium",
        args = [name],
        deps = [
            ":run_seeds",
            name + "_target",
        ],
    )
    cc_binary(
        name = name + "_fuzz",
        testonly = True,
        linkopts = ["-fsanitize=fuzzer"],
        tags = ["manual"],  # clang only
        deps = [name + "_target"],
    )
