// What ThreadSanitizer reads at a program's start. TSAN_OPTIONS still has the last word.

// As malloc does: tests ask for more memory than there is.
extern "C" const char* __tsan_default_options() { return "allocator_may_return_null=1"; }

// Debian's libraries are not instrumented: of what they do to memory only their calls of malloc, free, memcpy and the
// like are seen, and not the atomics and futexes that put these in order. Those calls are not watched. Not listed are
// the library of C++, whose condition variables are to be seen, and Protocol Buffers, which unlocks in the program what
// it locked in the library. A name must match one library alone.
extern "C" const char* __tsan_default_suppressions() {
  return "called_from_lib:libabsl_base.so\n"
         "called_from_lib:libabsl_cord.so\n"
         "called_from_lib:libabsl_graphcycles_internal.so\n"
         "called_from_lib:libabsl_status.so\n"
         "called_from_lib:libabsl_strings.so\n"
         "called_from_lib:libabsl_synchronization.so\n"
         "called_from_lib:libabsl_time.so\n"
         "called_from_lib:libabsl_time_zone.so\n"
         "called_from_lib:libcrypto.so\n"
         "called_from_lib:libgpr.so\n"
         "called_from_lib:libgrpc++.so\n"
         "called_from_lib:libgrpc.so\n"
         "called_from_lib:libssl.so\n"
         "called_from_lib:libupb.so\n";
}
