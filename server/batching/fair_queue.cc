// Rounds are counted, not walked: when no account has credit, as many rounds start at once as the next one needs. Two
// accounts whose tasks cost 1 ms and 50 ms then take one step each, not fifty.
#include "server/batching/fair_queue.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace baryon {

// An account that did not ask for its share cannot save it up: credit is never more than one round's.
void FairQueue::PayUpTo(int64_t round, Account& account) const {
  const absl::Duration share = quantum_ * account.weight_;
  account.credit_ -= absl::Nanoseconds(account.charged_ns_.exchange(0));
  account.credit_ = std::min(share, account.credit_ + share * (round - account.round_));
  account.round_ = round;
}

void FairQueue::Push(std::shared_ptr<Account> account, absl::Duration cost, std::function<void()> run) {
  account->tasks_.emplace_back(cost, std::move(run));
  ++num_tasks_;
  if (account->listed_) return;
  account->listed_ = true;
  PayUpTo(round_, *account);
  List& list = account->credit_ > absl::ZeroDuration() ? fresh_ : served_;
  list.push_back(std::move(account));
}

void FairQueue::StartRoundWithCredit() {
  int64_t rounds = std::numeric_limits<int64_t>::max();
  for (const List* list : {&fresh_, &served_}) {
    for (const std::shared_ptr<Account>& account : *list) {
      PayUpTo(round_, *account);
      const absl::Duration debt = absl::Nanoseconds(1) - account->credit_;
      const absl::Duration share = quantum_ * account->weight_;
      absl::Duration rest;
      const int64_t needed = debt <= absl::ZeroDuration() ? 0 : absl::IDivDuration(debt, share, &rest);
      rounds = std::min(rounds, needed + (rest > absl::ZeroDuration() ? 1 : 0));
    }
  }
  round_ += rounds;
  for (const List* list : {&fresh_, &served_}) {
    for (const std::shared_ptr<Account>& account : *list) PayUpTo(round_, *account);
  }
}

FairQueue::Entry FairQueue::Take(List& list, List::iterator position) {
  const std::shared_ptr<Account> account = *position;
  Entry entry{account, account->tasks_.front().first, std::move(account->tasks_.front().second)};
  account->tasks_.pop_front();
  account->credit_ -= entry.cost;
  ++account->running_;
  --num_tasks_;
  if (account->tasks_.empty()) {
    list.erase(position);
    account->listed_ = false;
  } else if (account->credit_ <= absl::ZeroDuration()) {
    served_.splice(served_.end(), list, position);
  }
  return entry;
}

std::optional<FairQueue::Entry> FairQueue::Pop() {
  if (num_tasks_ == 0) return std::nullopt;
  StartRoundWithCredit();
  for (List* list : {&fresh_, &served_}) {
    for (auto position = list->begin(); position != list->end(); ++position) {
      if ((*position)->credit_ > absl::ZeroDuration()) return Take(*list, position);
    }
  }
  return std::nullopt;  // not reached: a round in which nobody has credit does not start
}

std::optional<FairQueue::Entry> FairQueue::PopShort(absl::Duration most) {
  for (auto position = fresh_.begin(); position != fresh_.end(); ++position) {
    const Account& account = **position;
    if (account.running_ == 0 && account.credit_ > absl::ZeroDuration() && account.tasks_.front().first <= most) {
      return Take(fresh_, position);
    }
  }
  return std::nullopt;
}

}  // namespace baryon
