#include "server/http/http_body.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "gtest/gtest.h"

namespace baryon {
namespace {

bool IsPadded(const HttpBody& body) {
  const char* end = body.view().data() + body.size();
  return std::all_of(end, end + HttpBody::kPadding, [](char c) { return c == 0; });
}

TEST(HttpBodyTest, HoldsWhatIsAppended) {
  HttpBody body;
  std::string expected;
  for (int i = 0; i < 1000; ++i) {
    const std::string piece(i % 7, static_cast<char>('a' + i % 26));
    expected += piece;
    ASSERT_TRUE(body.Append(piece, 1 << 20));
    ASSERT_TRUE(IsPadded(body));
  }
  EXPECT_EQ(body.view(), absl::string_view(expected));
}

TEST(HttpBodyTest, AnEmptyOneIsPaddedToo) { EXPECT_TRUE(IsPadded(HttpBody())); }

TEST(HttpBodyTest, TheByteThatMattersIsAligned) {
  for (size_t offset : {0, 1, 63, 64, 1000}) {
    HttpBody body(nullptr, offset);
    ASSERT_TRUE(body.Append(std::string(5000, 'x'), 5000));
    EXPECT_EQ(reinterpret_cast<uintptr_t>(body.view().data() + offset) % HttpBody::kAlignment, 0u);
  }
}

TEST(HttpBodyTest, EndsAtTheLimit) {
  HttpBody body;
  EXPECT_TRUE(body.Append("12345678", 10));
  EXPECT_FALSE(body.Append("901", 10));
  EXPECT_TRUE(body.Append("90", 10));
  EXPECT_FALSE(body.Append("1", 10));
  EXPECT_EQ(body.view(), "1234567890");
}

TEST(HttpBodyTest, KeepsItsBudget) {
  auto budget = std::make_shared<BodyBudget>(100);
  HttpBody body(budget);
  ASSERT_TRUE(body.Append("1234567890", 10));
  const std::weak_ptr<BodyBudget> left = budget;
  budget.reset();
  ASSERT_FALSE(left.expired());
  EXPECT_EQ(left.lock()->used(), 10);
  body = HttpBody();
  EXPECT_TRUE(left.expired());
}

TEST(HttpBodyTest, TakesFromTheBudgetAndGivesBack) {
  const auto budget = std::make_shared<BodyBudget>(100);
  {
    HttpBody body(budget), other(budget);
    EXPECT_TRUE(body.Reserve(60));
    EXPECT_FALSE(other.Reserve(41));
    EXPECT_TRUE(other.Reserve(40));
    EXPECT_FALSE(body.Append(std::string(61, 'x'), 1000));
    HttpBody moved = std::move(body);
    other = HttpBody();
    EXPECT_EQ(budget->used(), 60);
    EXPECT_TRUE(moved.Append(std::string(61, 'x'), 100));
  }
  EXPECT_EQ(budget->used(), 0);
}

TEST(HttpBodyTest, IsFilledInPlace) {
  HttpBody body;
  ASSERT_TRUE(body.Reserve(3));
  std::copy_n("abc", 3, body.tail());
  body.Grow(3);
  EXPECT_EQ(body.view(), "abc");
  EXPECT_TRUE(IsPadded(body));
}

}  // namespace
}  // namespace baryon
