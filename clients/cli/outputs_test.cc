#include "clients/cli/outputs.h"

#include "engine/base/testing/status_matchers.h"
#include "engine/io/npy.h"
#include "gtest/gtest.h"
#include "server/testing/temp_folder.h"

namespace baryon {
namespace {

using testing::HasSubstr;

TEST(OutputsTest, ClassesAreALineEach) {
  EXPECT_EQ(FormatClasses({{{3, "three", 0.5f}, {12, "", 0.25f}}}),
            "    3         0.5  three\n"
            "   12        0.25\n");
}

TEST(OutputsTest, SeveralRowsHaveHeadings) {
  EXPECT_EQ(FormatClasses({{{1, "", 1.0f}}, {{2, "", 1.0f}}}), "row 0\n    1           1\nrow 1\n    2           1\n");
}

TEST(OutputsTest, OutputsShowTheirFirstElements) {
  const Tensor few = Tensor::FromData<float>({1, 2}, {1.5f, -2});
  const Tensor many = Tensor::FromData<int32_t>({10}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  EXPECT_EQ(FormatTensors({{"a", few}, {"b", many}}),
            "a float32 [1, 2]: 1.5, -2\nb int32 [10]: 0, 1, 2, 3, 4, 5, 6, 7, ...\n");
}

TEST(OutputsTest, WritesWhatTheEndingSays) {
  TempFolder files;
  const NamedTensors outputs = {{"a", Tensor::FromData<float>({2}, {1, 2})}, {"b", Tensor::FromData<float>({1}, {3})}};
  EXPECT_OK(WriteOutputs(files.path("y.npz"), outputs));
  ASSERT_OK_AND_ASSIGN(const NamedTensors read, ReadNpz(files.path("y.npz")));
  ASSERT_EQ(read.size(), 2u);
  EXPECT_EQ(read[0].first, "a");
  EXPECT_EQ(read[1].second.data<float>()[0], 3);
  EXPECT_THAT(WriteOutputs(files.path("y.npy"), outputs),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("expected an .npz file for 2 arrays")));
  EXPECT_OK(WriteOutputs(files.path("y.npy"), {outputs[0]}));
  EXPECT_OK(ReadNpy(files.path("y.npy")).status());
  EXPECT_THAT(WriteOutputs(files.path("y.txt"), outputs),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("expected an .npz or .npy file")));
}

}  // namespace
}  // namespace baryon
