// Tells ThreadSanitizer what gRPC puts in order. Debian's gRPC is not instrumented, yet the half of it that its headers
// hold is, as part of the program. In a program without gRPC nothing here is called; without ThreadSanitizer the calls
// are only passed on.
#include <grpc/grpc.h>
#include <grpcpp/support/server_callback.h>

#include "tests/sanitizers/before_library.h"

namespace {

// The start of an operation comes before its end, and a message's sending before its receipt. As ThreadSanitizer itself
// takes all sockets for one, all operations are one here: what a program learns by a call, its server did before.
char kWire;

// Passes a call's cancellation on to its reactor, once, and says that it comes before the end of the call, which has
// the address of the counter of those who hold it up.
class Cancellation final : public grpc::internal::ServerReactor {
 public:
  Cancellation(grpc::internal::ServerReactor* reactor, const void* holders) : reactor_(reactor), holders_(holders) {}
  void OnCancel() override {
    reactor_->OnCancel();
    baryon::HappensBefore(holders_);
    delete this;
  }
  void OnDone() override {}  // told to the reactor itself
  bool InternalInlineable() override { return reactor_->InternalInlineable(); }

 private:
  grpc::internal::ServerReactor* const reactor_;
  const void* const holders_;
};

}  // namespace

extern "C" {

grpc_call_error grpc_call_start_batch(grpc_call* call, const grpc_op* ops, size_t count, void* tag, void* reserved) {
  static const auto next = baryon::Next(&grpc_call_start_batch);
  baryon::HappensBefore(&kWire);
  return next(call, ops, count, tag, reserved);
}
grpc_event grpc_completion_queue_next(grpc_completion_queue* queue, gpr_timespec deadline, void* reserved) {
  static const auto next = baryon::Next(&grpc_completion_queue_next);
  const grpc_event event = next(queue, deadline, reserved);
  baryon::HappensAfter(&kWire);
  return event;
}
grpc_event grpc_completion_queue_pluck(grpc_completion_queue* queue, void* tag, gpr_timespec deadline, void* reserved) {
  static const auto next = baryon::Next(&grpc_completion_queue_pluck);
  const grpc_event event = next(queue, tag, deadline, reserved);
  baryon::HappensAfter(&kWire);
  return event;
}

}  // extern "C"

namespace grpc::internal {

// All that a call has done comes before its end, which whoever gives up the last reference to it schedules: that may be
// the library, whose part in the counting is not seen.
void ServerCallbackCall::ScheduleOnDone(bool here) {
  static const auto next = baryon::Next(&ServerCallbackCall::ScheduleOnDone);
  baryon::HappensAfter(&callbacks_outstanding_);
  (this->*next)(here);
}

// A cancellation comes after the making of its reactor, which is the last of its conditions or was met before; and
// before the end of the call, as the library keeps a reference while the reactor reacts. It gives that up unseen.
void ServerCallbackCall::CallOnCancel(ServerReactor* reactor) {
  static const auto next = baryon::Next(&ServerCallbackCall::CallOnCancel);
  baryon::HappensAfter(&on_cancel_conditions_remaining_);
  (this->*next)(new Cancellation(reactor, &callbacks_outstanding_));
}

}  // namespace grpc::internal
