#include "clients/cli/inputs.h"

#include "engine/base/testing/status_matchers.h"
#include "engine/graph/graph_text.h"
#include "engine/io/npy.h"
#include "gtest/gtest.h"
#include "server/testing/temp_folder.h"

namespace baryon {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class InputsTest : public testing::Test {
 protected:
  InputsTest() {
    EXPECT_OK(WriteNpy(files_.path("x.npy"), Tensor::FromData<float>({1, 2}, {1, 2})));
    files_.Write("7.PNG", "seven");
    files_.Write("77.png", "seventy-seven");
  }

  // A model that copies "data"; a picture of n bytes is a row of n of them.
  OpenedModel Model(bool takes_pictures) {
    absl::StatusOr<Graph> graph = GraphFromText("input data: float32 [-1, -1]\ny = _copy(data)\noutput y_output = y\n");
    OpenedModel model;
    model.executable = *Executable::Create(*std::move(graph), pool_);
    if (takes_pictures) {
      model.pictures = PictureInput{"data", [](absl::string_view file) -> absl::StatusOr<Tensor> {
                                      return Tensor::Zeros({DType::kFloat32, {1, static_cast<int64_t>(file.size())}});
                                    }};
    }
    return model;
  }

  TempFolder files_;
  ThreadPool pool_{1};
};

TEST_F(InputsTest, ReadsArraysAndPicturesWithAndWithoutNames) {
  ASSERT_OK_AND_ASSIGN(const std::vector<InputFile> inputs,
                       ReadInputs({files_.path("x.npy"), "image=" + files_.path("7.PNG")}));
  ASSERT_EQ(inputs.size(), 2u);
  EXPECT_EQ(inputs[0].name, "");
  EXPECT_EQ(inputs[0].tensor.num_elements(), 2);
  EXPECT_EQ(inputs[1].name, "image");
  EXPECT_EQ(inputs[1].picture, "seven");
}

TEST_F(InputsTest, AnNpzGivesItsArraysByName) {
  ASSERT_OK(WriteNpz(files_.path("x.npz"), {{"a", Tensor::FromData<float>({1}, {1})}}));
  ASSERT_OK_AND_ASSIGN(const std::vector<InputFile> inputs, ReadInputs({files_.path("x.npz")}));
  ASSERT_EQ(inputs.size(), 1u);
  EXPECT_EQ(inputs[0].name, "a");
  EXPECT_THAT(ReadInputs({"a=" + files_.path("x.npz")}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("expected no name in front of an .npz")));
}

TEST_F(InputsTest, OtherFilesAreRefused) {
  EXPECT_THAT(ReadInputs({"x.txt"}),
              StatusIs(absl::StatusCode::kInvalidArgument, "\"x.txt\": expected an .npy, .npz, .png or .jpg file"));
  EXPECT_THAT(ReadInputs({files_.path("none.npy")}), StatusIs(absl::StatusCode::kNotFound, HasSubstr("none.npy")));
}

TEST_F(InputsTest, PicturesOfOneInputAreItsRows) {
  ASSERT_OK_AND_ASSIGN(const std::vector<InputFile> files, ReadInputs({files_.path("7.PNG"), files_.path("7.PNG")}));
  ASSERT_OK_AND_ASSIGN(const NamedTensors inputs, BindInputs(files, Model(true)));
  ASSERT_EQ(inputs.size(), 1u);
  EXPECT_EQ(inputs[0].first, "data");
  EXPECT_EQ(inputs[0].second.shape(), Shape({2, 5}));
}

TEST_F(InputsTest, PicturesThatDifferInSizeAreNoBatch) {
  ASSERT_OK_AND_ASSIGN(const std::vector<InputFile> files, ReadInputs({files_.path("7.PNG"), files_.path("77.png")}));
  EXPECT_THAT(BindInputs(files, Model(true)),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("expected a picture of float32 [1, 5], got float32 [1, 13]")));
}

TEST_F(InputsTest, AModelWithoutPreprocessingTakesNoPictures) {
  ASSERT_OK_AND_ASSIGN(const std::vector<InputFile> files, ReadInputs({files_.path("7.PNG")}));
  EXPECT_THAT(BindInputs(files, Model(false)),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("takes no pictures, expected an array")));
}

}  // namespace
}  // namespace baryon
