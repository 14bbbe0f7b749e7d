// Whose turn it is: tasks of several models that wait for the same threads.
#ifndef BARYON_SERVER_BATCHING_FAIR_QUEUE_H_
#define BARYON_SERVER_BATCHING_FAIR_QUEUE_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <optional>

#include "absl/time/time.h"

namespace baryon {

// What one model has used of the threads' time. Made by the model, kept by the queue; only Charge is for others.
class Account {
 public:
  // Twice the weight is twice the time when both want more than there is.
  explicit Account(double weight = 1) : weight_(weight) {}
  // Corrects what a task was said to cost. Thread-safe.
  void Charge(absl::Duration more) { charged_ns_.fetch_add(absl::ToInt64Nanoseconds(more)); }

 private:
  friend class FairQueue;

  const double weight_;
  std::atomic<int64_t> charged_ns_{0};
  absl::Duration credit_;  // what it may still use of this round; below zero: what it has used of later ones
  int64_t round_ = -1;     // up to which the credit is paid: a new account has that of one round
  int running_ = 0;        // tasks that were popped and have not ended
  bool listed_ = false;
  std::deque<std::pair<absl::Duration, std::function<void()>>> tasks_;
};

// Deficit round robin over accounts: in each round an account may use `quantum` times its weight of CPU time, and what
// a task takes beyond that is paid back in later rounds. So a model gets its share of the time however long or short
// its tasks are and however many it sends. Tasks of one account keep their order. An account that has not used its
// share lately goes first, so a model that is asked now and then answers as if it were alone. Source: Shreedhar,
// Varghese, Efficient Fair Queuing using Deficit Round Robin, 1995; the two lists are those of FQ-CoDel, RFC 8290. One
// thread at a time.
class FairQueue {
 public:
  struct Entry {
    std::shared_ptr<Account> account;
    absl::Duration cost;
    std::function<void()> run;
  };

  explicit FairQueue(absl::Duration quantum = absl::Milliseconds(1)) : quantum_(quantum) {}

  // `cost` is the CPU time the task is expected to take.
  void Push(std::shared_ptr<Account> account, absl::Duration cost, std::function<void()> run);
  // The next task; nothing when none waits. Done says that it has ended.
  std::optional<Entry> Pop();
  // The same, but only a task that costs `most` at most, of an account that has credit and no other task running.
  std::optional<Entry> PopShort(absl::Duration most);
  void Done(Account& account) { --account.running_; }

  int64_t num_tasks() const { return num_tasks_; }
  int num_accounts() const { return static_cast<int>(fresh_.size() + served_.size()); }  // with tasks that wait

 private:
  using List = std::list<std::shared_ptr<Account>>;

  void PayUpTo(int64_t round, Account& account) const;
  void StartRoundWithCredit();
  Entry Take(List& list, List::iterator position);

  const absl::Duration quantum_;
  int64_t round_ = 0;
  int64_t num_tasks_ = 0;
  List fresh_, served_;  // accounts with tasks: those that have come with credit, and those that have used theirs
};

}  // namespace baryon

#endif  // BARYON_SERVER_BATCHING_FAIR_QUEUE_H_
