#include "server/services/inference_request.h"

#include <cstdint>
#include <limits>

#include "absl/strings/str_cat.h"
#include "engine/base/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "server/error_details.h"
#include "server/testing/shared_object.h"

namespace baryon {
namespace {

using inference::ModelInferRequest;
using testing::HasSubstr;

const absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;

TEST(ParseOipVersionTest, TakesPositiveNumbersAndNothing) {
  EXPECT_THAT(*ParseOipVersion(""), 0);
  EXPECT_THAT(*ParseOipVersion("7"), 7);
  EXPECT_THAT(*ParseOipVersion("01"), 1);
  for (const char* wrong : {"0", "-1", " 1", "+1", "latest", "9999999999999999999", "1.0"}) {
    EXPECT_THAT(ParseOipVersion(wrong), StatusIs(kInvalid)) << wrong;
  }
}

TEST(ReadOptionsTest, ReadsWhatTheProtocolReserves) {
  InferParameters parameters;
  EXPECT_EQ(ReadOptions(parameters)->max_wait, absl::InfiniteDuration());
  parameters["timeout"].set_int64_param(1500);
  parameters["priority"].set_uint64_param(1);
  parameters["binary_data_output"].set_bool_param(true);
  parameters["sequence_id"].set_string_param("s");
  parameters["sequence_start"].set_bool_param(true);
  parameters["of my own"].set_double_param(1.5);
  ASSERT_OK_AND_ASSIGN(const InferenceOptions options, ReadOptions(parameters));
  EXPECT_EQ(options.max_wait, absl::Microseconds(1500));
  EXPECT_EQ(options.priority_level, 1u);
  EXPECT_TRUE(options.binary_outputs);
}

TEST(ReadOptionsTest, ZeroMeansTheServersOwn) {
  InferParameters parameters;
  parameters["timeout"].set_int64_param(0);
  parameters["priority"].set_int64_param(0);
  ASSERT_OK_AND_ASSIGN(const InferenceOptions options, ReadOptions(parameters));
  EXPECT_EQ(options.max_wait, absl::InfiniteDuration());
  EXPECT_EQ(options.priority_level, 0u);
}

TEST(ReadOptionsTest, AHugeNumberIsALowPriority) {
  InferParameters parameters;
  for (uint64_t level : {uint64_t{1} << 63, std::numeric_limits<uint64_t>::max()}) {
    parameters["priority"].set_uint64_param(level);
    EXPECT_GE(ReadOptions(parameters)->priority_level, uint64_t{1} << 62);
  }
}

TEST(ReadOptionsTest, RefusesValuesOfAnotherTypeOrRange) {
  const auto expect_refused = [](const char* name, auto set) {
    InferParameters parameters;
    set(parameters[name]);
    const absl::Status status = ReadOptions(parameters).status();
    EXPECT_THAT(status, StatusIs(kInvalid, HasSubstr(name)));
    EXPECT_EQ(DetailsOf(status).field, absl::StrCat("parameters[\"", name, "\"]"));
  };
  expect_refused("timeout", [](auto& value) { value.set_string_param("1"); });
  expect_refused("timeout", [](auto& value) { value.set_int64_param(-1); });
  expect_refused("priority", [](auto& value) { value.set_bool_param(true); });
  expect_refused("sequence_id", [](auto& value) { value.set_double_param(1); });
  expect_refused("sequence_start", [](auto& value) { value.set_int64_param(1); });
  expect_refused("sequence_end", [](auto& value) { value.set_string_param("true"); });
  expect_refused("binary_data_output", [](auto& value) { value.set_int64_param(1); });
  expect_refused("triton_unheard_of", [](auto& value) { value.set_bool_param(true); });
}

TEST(ReadOptionsTest, ManyParametersCostNoMoreThanThemselves) {
  InferParameters parameters;
  for (int i = 0; i < 10000; ++i) parameters[absl::StrCat("p", i)].set_int64_param(i);
  EXPECT_OK(ReadOptions(parameters).status());
}

class ReadWantedOutputsTest : public testing::Test {
 protected:
  ReadWantedOutputsTest() {
    for (const char* name : {"x", "y"}) signature_.outputs.push_back({name, {DType::kFloat32, {-1}}});
  }
  absl::StatusOr<std::vector<WantedOutput>> Read() { return ReadWantedOutputs(head_, signature_, regions_); }
  InferParameters& Ask(const char* name) {
    auto& output = *head_.add_outputs();
    output.set_name(name);
    return *output.mutable_parameters();
  }

  Signature signature_;
  SharedMemoryRegistry regions_{/*allowed=*/true};
  ModelInferRequest head_;
};

TEST_F(ReadWantedOutputsTest, GivesAllWhenNoneIsAskedFor) {
  ASSERT_OK_AND_ASSIGN(const auto wanted, Read());
  ASSERT_EQ(wanted.size(), 2u);
  EXPECT_EQ(wanted[1].place, 1u);
}

TEST_F(ReadWantedOutputsTest, KeepsTheOrderAsked) {
  Ask("y")["classification"].set_int64_param(3);
  Ask("x")["binary_data"].set_bool_param(false);
  ASSERT_OK_AND_ASSIGN(const auto wanted, Read());
  EXPECT_EQ(wanted[0].place, 1u);
  EXPECT_EQ(wanted[0].classes, 3);
  EXPECT_EQ(wanted[1].place, 0u);
  EXPECT_EQ(wanted[1].binary, false);
}

TEST_F(ReadWantedOutputsTest, RefusesOutputsThatAreUnknownOrAskedForTwice) {
  Ask("x");
  Ask("x");
  EXPECT_THAT(Read(), StatusIs(kInvalid, "asked twice for the output \"x\""));
  head_.mutable_outputs(1)->set_name("z");
  const absl::Status status = Read().status();
  EXPECT_THAT(status, StatusIs(kInvalid, "no output is called \"z\""));
  EXPECT_EQ(DetailsOf(status).field, "outputs[1].name");
}

TEST_F(ReadWantedOutputsTest, RefusesAHundredThousandOutputsAtTheSecond) {
  for (int i = 0; i < 100000; ++i) Ask("x");
  EXPECT_THAT(Read(), StatusIs(kInvalid, HasSubstr("asked twice")));
}

TEST_F(ReadWantedOutputsTest, RefusesParametersThatAreWrong) {
  Ask("x")["classification"].set_int64_param(0);
  EXPECT_THAT(Read(), StatusIs(kInvalid, HasSubstr("expected above 0")));
  head_.clear_outputs();
  Ask("x")["classification"].set_string_param("3");
  EXPECT_THAT(Read(), StatusIs(kInvalid));
  head_.clear_outputs();
  Ask("x")["binary_data"].set_int64_param(1);
  EXPECT_THAT(Read(), StatusIs(kInvalid));
}

TEST_F(ReadWantedOutputsTest, FindsSharedMemory) {
  const SharedObject object(std::string(100, 'x'));
  ASSERT_OK(regions_.Register("r", object.key(), 0, 100));
  InferParameters& parameters = Ask("x");
  parameters["shared_memory_region"].set_string_param("r");
  EXPECT_THAT(Read(), StatusIs(kInvalid, HasSubstr("shared_memory_byte_size")));
  parameters["shared_memory_byte_size"].set_int64_param(50);
  parameters["shared_memory_offset"].set_int64_param(20);
  ASSERT_OK_AND_ASSIGN(const auto wanted, Read());
  EXPECT_EQ(wanted[0].memory->offset, 20);
  EXPECT_EQ(wanted[0].memory->size, 50);
  parameters["shared_memory_offset"].set_int64_param(-1);
  EXPECT_THAT(Read(), StatusIs(kInvalid));
  parameters["shared_memory_region"].set_string_param("../r");
  EXPECT_THAT(Read(), StatusIs(absl::StatusCode::kNotFound));
  parameters["shared_memory_region"].set_bool_param(true);
  EXPECT_THAT(Read(), StatusIs(kInvalid));
}

}  // namespace
}  // namespace baryon
