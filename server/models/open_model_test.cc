#include "server/models/open_model.h"

#include "engine/base/file.h"
#include "engine/base/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "server/testing/temp_folder.h"
#include "tests/support/golden.h"

namespace baryon {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// A graph of MXNet that copies its one input.
constexpr char kCopySymbol[] = R"({"nodes": [
  {"op": "null", "name": "data", "inputs": []},
  {"op": "_copy", "name": "copy", "inputs": [[0, 0, 0]]}],
  "arg_nodes": [0], "heads": [[1, 0, 0]], "attrs": {"mxnet_version": ["int", 10901]}})";

class OpenModelTest : public testing::Test {
 protected:
  absl::StatusOr<OpenedModel> Open() {
    absl::StatusOr<ModelFiles> files = FindModelFiles(files_.path("m"));
    if (!files.ok()) return files.status();
    return OpenModel(*files, pool_, {});
  }

  TempFolder files_;
  ThreadPool pool_{1};
};

TEST_F(OpenModelTest, ReadsGraphAndLabels) {
  files_.Write("m/m-symbol.json", kCopySymbol);
  files_.Write("m/labels.txt", "cat\ndog\n");
  ASSERT_OK_AND_ASSIGN(const OpenedModel opened, Open());
  EXPECT_THAT(opened.labels, ElementsAre("cat", "dog"));
  EXPECT_EQ(opened.executable->signature().inputs[0].name, "data");
  EXPECT_EQ(opened.executable->signature().outputs[0].name, "copy_output");
}

TEST_F(OpenModelTest, SaysWhatIsWrongWithAFile) {
  files_.Write("m/m-symbol.json", "{\"nodes\": [");
  EXPECT_THAT(Open(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("m-symbol.json")));
}

TEST_F(OpenModelTest, APictureGetsTheSizeThatTheGraphInsistsOn) {
  const std::string folder = GoldenFolder("digits");  // no preprocess.json there
  ASSERT_OK_AND_ASSIGN(const ModelFiles model, FindModelFiles(folder + "/digits"));
  ASSERT_OK_AND_ASSIGN(const OpenedModel opened, OpenModel(model, pool_, {}));
  ASSERT_TRUE(opened.pictures.has_value());
  ASSERT_OK_AND_ASSIGN(const std::string picture, ReadFile(folder + "/3.png"));
  ASSERT_OK_AND_ASSIGN(const Tensor row, opened.pictures->decode(picture));
  EXPECT_EQ(row.shape(), Shape({1, 1, 8, 8}));
}

TEST_F(OpenModelTest, LabelsMayEndAsTheyLikeAndAreUtf8InTheEnd) {
  files_.Write("labels.txt", "caf\xC3\xA9\r\n\r\nb\xFF\n\n");
  ASSERT_OK_AND_ASSIGN(const std::vector<std::string> labels, ReadLabels(files_.path("labels.txt")));
  EXPECT_THAT(labels, ElementsAre("caf\xC3\xA9", "", "b\xEF\xBF\xBD"));
  files_.Write("empty.txt", "\n");
  ASSERT_OK_AND_ASSIGN(const std::vector<std::string> none, ReadLabels(files_.path("empty.txt")));
  EXPECT_THAT(none, testing::IsEmpty());
}

}  // namespace
}  // namespace baryon
